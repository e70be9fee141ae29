//! How names, numbers and places are recognised.

use std::sync::LazyLock;

use regex::Regex;

use super::{Found, Kind, Known};
use crate::organisations::Number;

/// Where the owner and its people are named. A short name may be a common word: then it is only
/// worth a look.
pub(super) fn own(text: &str, known: &Known) -> Vec<Found> {
    let mut found = Vec::new();
    for (names, kind, sure) in
        [(&known.names, Kind::OwnName, 4), (&known.people, Kind::OwnPerson, 3)]
    {
        for name in names.iter().filter(|it| !it.is_empty()) {
            let certain = name.chars().count() >= sure;
            let bytes = |start| start..start + name.len();
            let all = text.match_indices(name.as_str());
            found.extend(all.map(|(it, _)| Found { bytes: bytes(it), kind, certain }));
        }
    }
    found
}

/// What gives something away whoever wrote it.
pub(super) fn general(original: &str) -> Vec<Found> {
    let Narrow { text, origin } = Narrow::of(original);
    let back = |it: usize| origin.get(it).copied().unwrap_or(original.len());
    let found = in_narrow(&text).into_iter();
    found.map(|it| Found { bytes: back(it.bytes.start)..back(it.bytes.end), ..it }).collect()
}

/// A text with its full-width punctuation made half width, and where each byte of it came from.
struct Narrow {
    text: String,
    origin: Vec<usize>,
}

impl Narrow {
    fn of(original: &str) -> Self {
        let mut narrow = Self { text: String::with_capacity(original.len()), origin: Vec::new() };
        for (at, it) in original.char_indices() {
            let it = match it {
                '！'..='～' => u32::from(it).checked_sub(0xfee0).and_then(char::from_u32),
                '‐'..='―' | '−' => Some('-'),
                it => Some(it),
            };
            narrow.text.extend(it);
            narrow.origin.resize(narrow.text.len(), at);
        }
        narrow
    }
}

fn in_narrow(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    for Pattern { regex, kind, certain } in PATTERNS.iter() {
        for captures in regex.captures_iter(text) {
            if let Some(it) = captures.get(1) {
                found.push(Found { bytes: it.range(), kind: *kind, certain: *certain });
            }
        }
    }
    found.extend(organisation_numbers(text));
    found.extend(organisations(text));
    found
}

struct Pattern {
    regex: Regex,
    kind: Kind,
    certain: bool,
}

/// Each regular expression captures what gives away as its first group.
static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    let surely = |kind, regex: &str| (kind, true, regex.to_owned());
    let maybe = |kind, regex: &str| (kind, false, regex.to_owned());
    let all = [
        surely(Kind::Mail, r"([A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)"),
        surely(
            Kind::Phone,
            r"(?:^|[^0-9A-Za-z.])((?:\+?86[- ]?)?1[3-9][0-9][- ]?[0-9]{4}[- ]?[0-9]{4})(?:$|[^0-9A-Za-z.])",
        ),
        surely(
            Kind::Phone,
            r"(?:^|[^0-9.-])((?:\(0[0-9]{2,3}\)[- ]?|0[0-9]{2,3}[- ])[1-9][0-9]{6,7})(?:$|[^0-9.])",
        ),
        surely(Kind::Phone, r"(?:^|[^0-9.-])([48]00[- ][0-9]{3}[- ]?[0-9]{4})(?:$|[^0-9])"),
        surely(
            Kind::Messenger,
            r"(?:微信|微信号|QQ|qq|QQ号|钉钉|vx|VX|wechat|WeChat)[号群]?[ :]{1,2}([A-Za-z0-9_-]{5,20})",
        ),
        surely(
            Kind::Number,
            r"(?:^|[^0-9A-Za-z])([1-9][0-9]{5}(?:19|20)[0-9]{9}[0-9Xx])(?:$|[^0-9A-Za-z])",
        ),
        surely(Kind::Number, r"(?:账号|帐号|卡号|账户)[ :]{0,2}([0-9][0-9 ]{10,24}[0-9])"),
        surely(Kind::Patent, r"((?:ZL|zl|CN)? ?(?:19|20)[0-9]{2} ?[1238] ?[0-9]{7} ?\. ?[0-9Xx])"),
        surely(Kind::Patent, r"(ZL ?[0-9]{4} ?[1238] ?[0-9]{7})"),
        surely(
            Kind::Patent,
            r"(?:^|[^0-9A-Za-z])(CN ?[0-9]{8,9} ?[ABCUSY][0-9]?)(?:$|[^0-9A-Za-z])",
        ),
        surely(
            Kind::Contract,
            r"(?:合同|协议|项目|招标|中标|订单|立项)(?:编号|号)[ :]{0,2}([A-Za-z0-9〔〕\[\]()/-]{4,30})",
        ),
        surely(Kind::Contract, r"(?:^|[^0-9A-Za-z])(HT-?[0-9]{4,8}-[0-9]{1,6})(?:$|[^0-9A-Za-z])"),
        surely(
            Kind::Address,
            r"((?:\p{Han}{2,6}?[省市县区镇乡])+\p{Han}{1,10}?(?:路|街|大道|巷|村|工业园|园区|开发区)[0-9]{0,5}号?)",
        ),
        surely(Kind::Address, r"(\p{Han}{2,6}(?:路|街|大道|巷)[0-9]{1,5}号(?:院|楼)?)"),
        maybe(Kind::Person, &format!("([{SURNAMES}]\\p{{Han}}{{0,2}}(?:{TITLES}))")),
    ];
    let made = all.into_iter().filter_map(|(kind, certain, regex)| {
        Some(Pattern { regex: Regex::new(&regex).ok()?, kind, certain })
    });
    made.collect()
});

/// The hundred most frequent surnames, without those that are mostly other words.
const SURNAMES: &str = "王李张刘陈杨赵黄周吴徐孙胡朱林郭罗梁宋郑谢韩唐冯董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛阎潘杜戴夏钟汪姜范姚谭廖邹熊陆郝孔崔康邱秦顾侯邵孟";
const TITLES: &str =
    "总工程师|总工|工程师|总经理|经理|厂长|矿长|主任|教授|博士|老师|师傅|先生|女士";

static ORGANISATION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let forms = "股份有限公司|有限责任公司|有限公司|集团公司|集团|研究院|研究所|煤矿|大学|学院";
    Regex::new(&format!(r"(\p{{Han}}{{2,20}}?)({forms})")).ok()
});

/// Characters after which a name may begin in the middle of a sentence.
const BEFORE_A_NAME: &str = "与和在由向为是的我们曾经及对给被把从到同跟请找";

/// What stands before a legal form without naming anyone.
const NOBODY: [&str; 20] = [
    "本",
    "我",
    "该",
    "某",
    "贵",
    "各",
    "多家",
    "一家",
    "几家",
    "国内",
    "国外",
    "同行",
    "外地",
    "大型",
    "大型国有",
    "国有",
    "民营",
    "重点",
    "高等",
    "职业技术",
];

/// Names of organisations, as far as their legal form tells.
fn organisations(text: &str) -> Vec<Found> {
    let Some(regex) = ORGANISATION.as_ref() else { return Vec::new() };
    let named = regex.captures_iter(text).filter_map(|it| {
        let (name, whole) = (it.get(1)?, it.get(0)?);
        let cut = name.as_str().rfind(|it| BEFORE_A_NAME.contains(it));
        let skipped = cut.map_or(0, |at| at + '与'.len_utf8());
        let left = name.as_str().get(skipped..)?;
        let is_name = left.chars().count() >= 2 && !NOBODY.contains(&left);
        let bytes = whole.start() + skipped..whole.end();
        is_name.then_some(Found { bytes, kind: Kind::Organisation, certain: false })
    });
    named.collect()
}

static EIGHTEEN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:^|[^0-9A-Za-z])([0-9A-Za-z]{18})(?:$|[^0-9A-Za-z])").ok());

/// Those eighteen characters whose check character is right.
fn organisation_numbers(text: &str) -> Vec<Found> {
    let Some(regex) = EIGHTEEN.as_ref() else { return Vec::new() };
    let candidates = regex.captures_iter(text).filter_map(|it| it.get(1));
    let right = candidates.filter(|it| Number::new(it.as_str()).is_ok());
    right.map(|it| Found { bytes: it.range(), kind: Kind::Number, certain: true }).collect()
}

static PLACE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^(?:\p{Han}{2,4}?省)?(?:\p{Han}{2,4}?[市县区])?").ok());

static LEGAL_FORM: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new("(?:股份有限公司|有限责任公司|有限公司|集团公司|集团|公司|厂)$").ok()
});

/// The ways in which an organisation is called.
pub(super) fn ways_to_call(name: &str) -> Vec<String> {
    let without = |text: &str, regex: Option<&Regex>| {
        regex.map_or_else(|| text.to_owned(), |it| it.replace(text, "").into_owned())
    };
    let short = without(name, LEGAL_FORM.as_ref());
    let shorter = without(&short, PLACE.as_ref());
    let mut ways = vec![name.to_owned(), short, shorter];
    ways.retain(|it| it.chars().count() >= 2);
    ways
}

/// How many patterns there are.
#[cfg(test)]
pub(super) fn count() -> usize {
    PATTERNS.len()
}
