use serde_json::json;

use super::*;
use crate::{achievements::AchievementForm, needs::NeedForm};

fn owner() -> Known {
    let mut known = Known::default();
    known.add_organisation("高平市丹河铸造有限公司");
    known.add_person("李伟");
    known.add_person("欧阳建国");
    known
}

fn pieces(text: &str) -> Vec<(Kind, bool, String)> {
    let text_of = |it: &Found| text.get(it.bytes.clone()).unwrap_or_default().to_owned();
    found(text, &owner()).iter().map(|it| (it.kind, it.certain, text_of(it))).collect()
}

#[test]
fn what_surely_gives_the_owner_away_is_found() {
    for (text, kind, piece) in [
        ("高平市丹河铸造有限公司的铸件气孔多", Kind::OwnName, "高平市丹河铸造有限公司"),
        ("我们丹河铸造的气孔率", Kind::OwnName, "丹河铸造"),
        ("可找欧阳建国详谈", Kind::OwnPerson, "欧阳建国"),
        ("电话13900001234联系", Kind::Phone, "13900001234"),
        ("电话：139-0000-1234。", Kind::Phone, "139-0000-1234"),
        ("手机 +86 139 0000 1234", Kind::Phone, "+86 139 0000 1234"),
        ("座机0356-5550123", Kind::Phone, "0356-5550123"),
        ("(0356)5550123", Kind::Phone, "(0356)5550123"),
        ("座机（０３５６）－５５５０１２３", Kind::Phone, "（0356）－5550123"),
        ("邮箱li．wei＠danhe．cn", Kind::Mail, "li．wei＠danhe．cn"),
        ("热线400-810-1234", Kind::Phone, "400-810-1234"),
        ("发到li.wei@danhe.example.cn即可", Kind::Mail, "li.wei@danhe.example.cn"),
        ("微信号: danhe_li88", Kind::Messenger, "danhe_li88"),
        ("QQ:12345678", Kind::Messenger, "12345678"),
        ("代码91110000802100433B的企业", Kind::Number, "91110000802100433B"),
        ("身份证 140581199003071234", Kind::Number, "140581199003071234"),
        ("账号: 6222 0205 0200 1234 567", Kind::Number, "6222 0205 0200 1234 567"),
        ("专利ZL201910123456.7已授权", Kind::Patent, "ZL201910123456.7"),
        ("专利 ZL 2019 1 0123456.X", Kind::Patent, "ZL 2019 1 0123456.X"),
        ("公开号CN110123456A所述", Kind::Patent, "CN110123456A"),
        ("合同编号：JC-2024-0153", Kind::Contract, "JC-2024-0153"),
        ("按HT-2024-018执行", Kind::Contract, "HT-2024-018"),
        ("位于高平市米山镇米西村工业园", Kind::Address, "高平市米山镇米西村"),
        ("晋城市高平市长平东街128号", Kind::Address, "晋城市高平市长平东街128号"),
    ] {
        let text = crate::text::clean(text);
        let told = pieces(&text);
        let expected = crate::text::clean(piece);
        assert!(
            told.iter().any(|it| it.0 == kind && it.1 && it.2.contains(&expected)),
            "{text}: {told:?}"
        );
    }
}

#[test]
fn what_may_give_someone_away_is_worth_a_look() {
    for (text, kind, piece) in [
        ("曾与晋东理工大学合作", Kind::Organisation, "晋东理工大学"),
        ("由山西天地煤机装备有限公司供货", Kind::Organisation, "山西天地煤机装备有限公司"),
        ("王坪煤矿使用过", Kind::Organisation, "王坪煤矿"),
        ("请周教授来看过", Kind::Person, "周教授"),
        ("李伟看过", Kind::OwnPerson, "李伟"),
    ] {
        let told = pieces(text);
        assert_eq!(told, [(kind, false, piece.to_owned())], "{text}");
    }
}

#[test]
fn technical_text_is_left_alone() {
    for text in [
        "现有球墨铸铁件气孔率高达百分之八，每月报废四十吨，需要降到2%以下。",
        "流量1200-1500 m3/h，压力0.6MPa，2026-01-01前完成",
        "采用QT450-10材料，DN600阀门，GB/T 1348-2019",
        "本公司、我厂、该煤矿及国内大学均未解决；多家煤矿有同样问题",
        "加工精度0.001mm，转速12000r/min，功率15900000W",
        "波长1064nm，型号HT250，HT-200铸铁",
        "高校和研究院所均可合作，工程师驻厂",
        "样本编号20191012345，批次1390000123",
    ] {
        assert_eq!(pieces(text), [], "{text}");
    }
}

#[test]
fn what_is_not_public_is_not_looked_at_and_places_are_in_characters() {
    let form = json!({
        "title": "丹河铸造气孔率降低",
        "tried": "丹河铸造试过两种涂料，电话13900001234",
        "keywords": ["气孔", "丹河铸造"],
        "contact": { "name": "欧阳建国", "phone": "13900001234" },
    });
    let form: NeedForm = form::read(&form).unwrap();
    let leaks = find(&form, &owner());
    let places: Vec<_> = leaks.iter().map(|it| (it.pointer.as_str(), it.from, it.to)).collect();
    assert_eq!(places, [("/keywords/1", 0, 4), ("/title", 0, 4)]);
    let masked = masked(&form, &leaks).unwrap();
    assert_eq!(masked.title.as_str(), "本企业气孔率降低");
    assert_eq!(masked.tried, form.tried, "what only a partner reads stays");
    assert_eq!(find(&masked, &owner()), []);
}

#[test]
fn several_pieces_of_one_text_are_masked_at_once() {
    let form = json!({ "problem": "丹河铸造李伟13900001234，欧阳建国a@b.cn，丹河铸造" });
    let form: NeedForm = form::read(&form).unwrap();
    let leaks = find(&form, &owner());
    assert_eq!(leaks.len(), 6, "{leaks:?}");
    let masked = masked(&form, &leaks).unwrap();
    let expected = "本企业某人（联系方式略），某人（联系方式略），本企业";
    assert_eq!(masked.problem.as_str(), crate::text::clean(expected));
}

#[test]
fn an_achievement_may_name_its_makers_but_not_the_way_around_the_market() {
    let form = json!({
        "title": "丹河铸造李伟的工艺",
        "description": "专利ZL201910123456.7，山西大学完成，电话13900001234",
    });
    let form: AchievementForm = form::read(&form).unwrap();
    let kinds: Vec<Kind> = find(&form, &owner()).iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [Kind::Phone]);
}

#[test]
fn an_organisation_is_known_by_its_short_names() {
    let mut known = Known::default();
    known.add_organisation("山西省晋城市古书院煤业有限责任公司");
    known.add_organisation("科兴集团");
    assert_eq!(
        known.names,
        [
            "山西省晋城市古书院煤业有限责任公司",
            "山西省晋城市古书院煤业",
            "古书院煤业",
            "科兴集团",
            "科兴"
        ]
    );
}

#[test]
fn every_pattern_compiles() {
    assert_eq!(patterns::count(), 15);
}
