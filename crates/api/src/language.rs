//! The two languages the program speaks, and what it says in them when it refuses.

use axum::http::{HeaderMap, HeaderValue, header};
use domain::{Fault, Format, Shape, leaks};

use crate::problem::Code;

/// A language. Chinese unless asked otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// 简体中文.
    #[default]
    Chinese,
    /// English.
    English,
}

impl Language {
    /// The language that `Accept-Language` prefers (RFC 9110, section 12.5.4).
    pub fn preferred(headers: &HeaderMap) -> Self {
        let header = headers.get(header::ACCEPT_LANGUAGE).and_then(|it| it.to_str().ok());
        let (mut chinese, mut english) = (0.0_f32, 0.0_f32);
        for range in header.unwrap_or_default().split(',').take(20) {
            let (tag, weight) = weighed(range);
            match tag.split('-').next().unwrap_or_default() {
                "zh" => chinese = chinese.max(weight),
                "en" => english = english.max(weight),
                _ => {}
            }
        }
        if english > chinese { Self::English } else { Self::Chinese }
    }

    pub(crate) const fn tag(self) -> HeaderValue {
        match self {
            Self::Chinese => HeaderValue::from_static("zh-CN"),
            Self::English => HeaderValue::from_static("en"),
        }
    }
}

/// A language range and its weight, 0 to 1.
fn weighed(range: &str) -> (String, f32) {
    let mut parts = range.split(';').map(str::trim);
    let tag = parts.next().unwrap_or_default().to_ascii_lowercase();
    let quality = parts.find_map(|it| it.strip_prefix("q=")).map(str::parse);
    let weight = match quality {
        None => 1.0,
        Some(Ok(weight)) if (0.0..=1.0).contains(&weight) => weight,
        Some(_) => 0.0,
    };
    (tag, weight)
}

/// What someone agrees to who says yes to an introduction, in both languages; a change of it takes a
/// new version in `domain::introductions`.
pub(crate) const CONTACT_EXCHANGE: (&str, &str) = (
    "同意将本次对接中我方联系人的姓名、电话和邮箱提供给对方，仅用于洽谈这一合作；可以随时撤回，撤回后对方不再看到。",
    "I agree that the name, telephone number and mail address of our contact go to the other side, to talk about this cooperation only. I can take this back at any time; the other side then sees them no more.",
);

/// What a refusal says, and what to do about it.
pub(crate) const fn detail(code: Code, language: Language) -> &'static str {
    let (chinese, english) = both(code);
    match language {
        Language::Chinese => chinese,
        Language::English => english,
    }
}

#[expect(clippy::too_many_lines, reason = "one line a code, to be read as a table")]
const fn both(code: Code) -> (&'static str, &'static str) {
    match code {
        Code::SignInRequired => (
            "请先登录：在 Authorization 头中带上登录所得的令牌；令牌可能已经过期。",
            "Sign in first: send the token from signing in as Authorization: Bearer. It may have expired.",
        ),
        Code::WrongCredentials => {
            ("用户名或密码不正确。", "The sign-in name or the password is wrong.")
        }
        Code::WrongCode => ("验证码不正确，或已经用过。", "The code is wrong, or was used before."),
        Code::NoProvider => (
            "本平台没有设置其他登录方式。",
            "There is no other way to sign in here than the password.",
        ),
        Code::ProviderUnavailable => (
            "统一身份认证暂不可用，请稍候再试，或用密码登录。",
            "The other provider cannot be asked just now. Try again soon, or sign in by password.",
        ),
        Code::FlowEnded => (
            "这次登录已经完成、已超时，或不是在这个浏览器里开始的；请重新开始。",
            "This sign-in was finished before, took too long, or began in another browser. Begin anew.",
        ),
        Code::IdentityNotProved => (
            "统一身份认证的答复未能证明您的身份，请重新开始；若仍不行，请联系管理员。",
            "What the other provider said does not prove who you are. Begin anew, or ask the office.",
        ),
        Code::IdentityNotLinked => (
            "这个外部身份尚未绑定账号。请先用密码登录并绑定，之后即可用它登录。",
            "This identity is linked with no account. Sign in by password and link it first.",
        ),
        Code::AccountDisabled => {
            ("账号已停用，请联系管理员。", "The account is disabled. Ask the office.")
        }
        Code::LinkEnded => (
            "链接无效：可能已经用过，或已过期。请重新申请。",
            "The link is of no use: it was used before, or has run out. Ask for another.",
        ),
        Code::TooManyAttempts => (
            "尝试次数过多，请在 Retry-After 所示时间之后再试。",
            "Too many attempts. Try again after the time that Retry-After says.",
        ),
        Code::CodeRequired => (
            "请先提交第二因素的验证码：POST /sessions/current/code。",
            "The code of the second factor is awaited: POST /sessions/current/code.",
        ),
        Code::SecondFactorRequired => (
            "请先启用第二因素：POST /me/second-factor。",
            "Set up a second factor first: POST /me/second-factor.",
        ),
        Code::PasswordExpired => (
            "请先修改密码：密码已到期，或由他人设置。",
            "Change the password first: it has run out, or someone else set it.",
        ),
        Code::ScopeMissing => (
            "此令牌的用途不包括该操作；账号与令牌的管理须登录后进行。",
            "The token was not made for this. Accounts and tokens are kept by signing in.",
        ),
        Code::CrossSite => (
            "请求不是由本站页面发出的，已拒绝。",
            "The request did not come from a page of this site, and was refused.",
        ),
        Code::TwoCredentials => (
            "Cookie 与 Authorization 头只能使用其一。",
            "Send the cookie or the Authorization header, not both.",
        ),
        Code::LimitReached => {
            ("数量已达上限，请先删除不用的。", "There are as many as there may be: end some first.")
        }
        Code::Forbidden => ("您的角色不能进行此操作。", "Your role does not allow this."),
        Code::OwnOrganisation => (
            "不能处理本单位的事项，请由其他单位的人员办理。",
            "Nobody decides on what belongs to their own organisation; someone else has to.",
        ),
        Code::OrganisationNotVerified => (
            "贵单位尚未通过核验，暂不能提交；请联系管理员核验单位信息。",
            "Your organisation has not been verified yet, so nothing can be submitted. Ask the office.",
        ),
        Code::OrganisationSuspended => (
            "贵单位已被暂停，只能查看；请联系管理员。",
            "Your organisation is suspended and can only read. Ask the office.",
        ),
        Code::NotFound => ("没有找到。", "There is nothing here."),
        Code::MethodNotAllowed => (
            "该地址不支持此方法，可用方法见 Allow 头。",
            "This address knows other methods: see Allow.",
        ),
        Code::Unreadable => (
            "无法读取请求：请求体须为合法的 JSON，查询参数须正确编码。",
            "The request cannot be read: the body must be JSON, the query well encoded.",
        ),
        Code::UnsupportedMediaType => (
            "请求体须为 application/json（上传文件时为 application/octet-stream），且不压缩。",
            "The body must be application/json (a file: application/octet-stream), not compressed.",
        ),
        Code::TooLarge => ("请求体过大。", "The body is too large."),
        Code::AddressTooLong => ("地址过长。", "The address is too long."),
        Code::SlowBody => {
            ("请求体发送过慢，请重试。", "The body took too long to arrive. Try again.")
        }
        Code::FileTypeRefused => (
            "不接受这种文件；可以上传 PDF、PNG、JPEG、WebP、Word、Excel、PowerPoint（不含宏）和纯文本。",
            "Files of this type are not taken; PDF, PNG, JPEG, WebP, Word, Excel, PowerPoint (without macros) and plain text are.",
        ),
        Code::Infected => ("文件含有恶意内容，未保存。", "The file is harmful and was not stored."),
        Code::ScannerUnavailable => (
            "暂时无法检查文件，未保存；请稍候再试。",
            "Files cannot be looked at just now, so it was not stored. Try again soon.",
        ),
        Code::QuotaExceeded => (
            "附件已达上限，请先删除不用的附件。",
            "There is no room for more files. Remove some first.",
        ),
        Code::ProofsMissing => (
            "该单位尚未上传营业执照和授权书，不能核验通过。",
            "The organisation has not sent its licence and its letter of authority yet.",
        ),
        Code::Invalid => {
            ("部分内容不符合要求，见 errors。", "Some fields will not do: see errors.")
        }
        Code::Revealing => (
            "公开的文字会让人认出贵单位或绕开平台联系，见 errors。可一键遮盖（mask），或注明 leaks=keep 后照样提交。",
            "The public text tells who you are or how to reach you: see errors. Mask it, or submit it as it is with leaks=keep.",
        ),
        Code::WrongState => (
            "当前状态不允许此操作，请刷新后再看。",
            "The present state does not allow this. Look at it again.",
        ),
        Code::HeldByAnother => {
            ("另一位技术经纪人正在处理这一对。", "Another matchmaker is looking at this pair.")
        }
        Code::AnotherPerson => (
            "须由另一人办理：不能是申请人，也不能是当事人。",
            "This takes another person: neither who asked for it nor whom it concerns.",
        ),
        Code::LastAdministrator => (
            "这是最后一位在用的同类管理员，请先授权接替者。",
            "This is the last active administrator of the kind. Grant the role to a successor first.",
        ),
        Code::AlreadyExists => ("已经存在。", "It exists already."),
        Code::Conflict => {
            ("同时有人修改，请重试。", "Someone changed it at the same time. Try again.")
        }
        Code::ConsentNeeded => (
            "没有这项同意就不能保有账号；如要撤回，请注销账号。",
            "There is no account without this consent. To withdraw it, close the account.",
        ),
        Code::PreconditionRequired => {
            ("请在 If-Match 头中带上读取时得到的 ETag。", "Send the ETag you read as If-Match.")
        }
        Code::Stale => (
            "读取之后已被修改：请重新读取，再做修改。",
            "It changed since you read it: read it again, then change it.",
        ),
        Code::KeyReused => (
            "这个 Idempotency-Key 已用于另一个请求，请换一个。",
            "This Idempotency-Key was used for another request. Use a new one.",
        ),
        Code::TooManyRequests => {
            ("请求过多，请稍候再试。", "Too many at once. Try again a little later.")
        }
        Code::Timeout => ("处理超时，请稍候再试。", "It took too long. Try again a little later."),
        Code::SearchRebuilding => (
            "检索索引正在重建，请稍候再试；详情页不受影响。",
            "The search index is being rebuilt. Try again soon; pages of single listings work.",
        ),
        Code::Unavailable => {
            ("数据库暂不可用，请稍候再试。", "The database cannot be reached. Try again soon.")
        }
        Code::Internal => (
            "服务器出错。请把 request_id 告知管理员。",
            "The server failed. Tell the office the request_id.",
        ),
    }
}

/// What is wrong with a value, and what to do about it.
pub fn describe(fault: &Fault, language: Language) -> String {
    match language {
        Language::Chinese => in_chinese(fault),
        Language::English => in_english(fault),
    }
}

fn in_chinese(fault: &Fault) -> String {
    match fault {
        Fault::Missing => "必须填写".into(),
        Fault::UnknownField => "没有这个字段，请检查拼写".into(),
        Fault::WrongType { expected } => format!("类型不对，应为{}", shape(*expected).0),
        Fault::TooShort { min, actual } => format!("至少 {min} 个字，现在 {actual} 个"),
        Fault::TooLong { max, actual } => format!("最多 {max} 个字，现在 {actual} 个"),
        Fault::TooFew { min, actual } => format!("至少 {min} 项，现在 {actual} 项"),
        Fault::TooMany { max, actual } => format!("最多 {max} 项，现在 {actual} 项"),
        Fault::TooSmall { min } => format!("不能小于 {min}"),
        Fault::TooLarge { max } => format!("不能大于 {max}"),
        Fault::UnknownCode { table } => format!("代码不存在，见代码表 {table}"),
        Fault::BadFormat { expected } => format!("格式不对，应为{}", format(*expected).0),
        Fault::WrongCheckDigit { expected } => {
            format!("校验位不对：按前 17 位计算应为 {expected}，请核对是否抄错")
        }
        Fault::WrongOrder { after } => format!("不能早于或小于 {after}"),
        Fault::Repeated => "重复".into(),
        Fault::NotAllowed { because_of } => format!("与 {because_of} 的取值不能并存"),
        Fault::NotDeclared => "须勾选此项声明".into(),
        Fault::TooFewClasses { min, actual } => {
            format!("小写字母、大写字母、数字、其他字符中至少用 {min} 类，现在 {actual} 类")
        }
        Fault::Guessable => "太容易猜到：不能是常见密码、用户名或单位名称，至少含 5 种字符".into(),
        Fault::UsedBefore => "最近用过，请换一个".into(),
        Fault::Reveals { what } => format!("泄露了{}", revealed(*what).0),
        Fault::InAnotherGroup { group } => format!("已在另一个双向词组中（{group}），请并入该组"),
        Fault::NotOurs => "不是本系统为这个查询给出的值".into(),
    }
}

fn in_english(fault: &Fault) -> String {
    match fault {
        Fault::Missing => "is required".into(),
        Fault::UnknownField => "there is no such field; check the spelling".into(),
        Fault::WrongType { expected } => format!("should be {}", shape(*expected).1),
        Fault::TooShort { min, actual } => format!("at least {min} characters, not {actual}"),
        Fault::TooLong { max, actual } => format!("at most {max} characters, not {actual}"),
        Fault::TooFew { min, actual } => format!("at least {min} entries, not {actual}"),
        Fault::TooMany { max, actual } => format!("at most {max} entries, not {actual}"),
        Fault::TooSmall { min } => format!("at least {min}"),
        Fault::TooLarge { max } => format!("at most {max}"),
        Fault::UnknownCode { table } => format!("no such code: see the table {table}"),
        Fault::BadFormat { expected } => format!("should be {}", format(*expected).1),
        Fault::WrongCheckDigit { expected } => {
            format!("the check character should be {expected}: look for a slip")
        }
        Fault::WrongOrder { after } => format!("must not come before {after}"),
        Fault::Repeated => "stands here twice".into(),
        Fault::NotAllowed { because_of } => format!("does not go with the value of {because_of}"),
        Fault::NotDeclared => "must be declared".into(),
        Fault::TooFewClasses { min, actual } => format!(
            "at least {min} of small letters, capital letters, digits and other characters, not {actual}"
        ),
        Fault::Guessable => "is too easily guessed: no common password, no name of yours or your \
                             organisation's, at least 5 different characters"
            .into(),
        Fault::UsedBefore => "was used before; choose another".into(),
        Fault::Reveals { what } => format!("gives away {}", revealed(*what).1),
        Fault::InAnotherGroup { group } => {
            format!("stands in another group that goes both ways ({group}); join the two")
        }
        Fault::NotOurs => "was not given by this server for this question".into(),
    }
}

const fn revealed(kind: leaks::Kind) -> (&'static str, &'static str) {
    match kind {
        leaks::Kind::OwnName => ("本单位名称", "your organisation's name"),
        leaks::Kind::OwnPerson => ("本单位人员姓名", "the name of one of your people"),
        leaks::Kind::Phone => ("电话号码", "a telephone number"),
        leaks::Kind::Mail => ("电子邮箱", "a mail address"),
        leaks::Kind::Messenger => ("微信、QQ 等账号", "an account of a messenger"),
        leaks::Kind::Number => {
            ("信用代码、证件或账户号码", "the number of an organisation, a card or an account")
        }
        leaks::Kind::Patent => ("专利号", "the number of a patent"),
        leaks::Kind::Contract => ("合同或项目编号", "the number of a contract or project"),
        leaks::Kind::Address => ("地址", "an address"),
        leaks::Kind::Organisation => ("其他单位名称", "another organisation's name"),
        leaks::Kind::Person => ("人名", "someone's name"),
    }
}

const fn shape(shape: Shape) -> (&'static str, &'static str) {
    match shape {
        Shape::Text => ("文字", "text"),
        Shape::Number => ("数值", "a number"),
        Shape::WholeNumber => ("整数", "a whole number"),
        Shape::YesNo => (" true 或 false", "true or false"),
        Shape::List => ("列表", "a list"),
        Shape::Object => ("对象", "an object"),
    }
}

const fn format(format: Format) -> (&'static str, &'static str) {
    match format {
        Format::Day => ("真实存在的日期 YYYY-MM-DD", "a day that exists, as YYYY-MM-DD"),
        Format::Mail => ("电子邮箱地址", "a mail address"),
        Format::Phone => ("7 至 15 位的电话号码", "a telephone number of 7 to 15 digits"),
        Format::Login => (
            "3 至 40 个字符，以小写字母开头，只含 a-z、0-9 与 . _ - @",
            "3 to 40 of a-z, 0-9 and . _ - @, beginning with a letter",
        ),
        Format::OrganisationNumber => {
            ("18 位统一社会信用代码", "the 18 characters of a unified social credit code")
        }
        Format::RegistrationNumber => ("12 位数字或大写字母", "12 digits or capital letters"),
        Format::Id => ("UUID", "a UUID"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preferred(header: &str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, header.parse().unwrap());
        Language::preferred(&headers)
    }

    #[test]
    fn chinese_unless_english_is_preferred() {
        assert_eq!(Language::preferred(&HeaderMap::new()), Language::Chinese);
        for (header, expected) in [
            ("en", Language::English),
            ("en-GB,en;q=0.9", Language::English),
            ("zh-CN,zh;q=0.9,en;q=0.8", Language::Chinese),
            ("en;q=0.5, zh;q=0.6", Language::Chinese),
            ("de, en;q=0.1", Language::English),
            ("en;q=0", Language::Chinese),
            ("en;q=NaN", Language::Chinese),
            (";;,,q=1", Language::Chinese),
        ] {
            assert_eq!(preferred(header), expected, "{header}");
        }
    }

    #[test]
    fn every_refusal_speaks_both_languages() {
        for code in Code::ALL {
            let (chinese, english) = both(code);
            assert!(chinese.chars().any(|it| it > '\u{4e00}'), "{code:?}");
            assert!(english.is_ascii(), "{code:?}");
        }
    }
}
