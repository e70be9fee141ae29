//! A good body for every schema that a request can have.

use domain::people::PersonId;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    cast::{Cast, PASSWORD},
    objects::fresh_number,
};
use crate::world::{achievement, need};

/// A good body of the schema of this name for a request to this path; a test that does not know it
/// fails and says what to do.
pub(super) fn body(cast: &Cast, (schema, path): (&str, &str)) -> Value {
    let login = format!("n{}", Uuid::now_v7().simple());
    let account = json!({ "login": login, "password": PASSWORD, "name": "新人" });
    match schema {
        "NeedForm" => need("球墨铸铁件气孔率降低技术"),
        "AchievementForm" => achievement("球墨铸铁气孔缺陷控制工艺"),
        "ReviewForm" => {
            let rubric =
                json!({ "advantage": 3, "clarity": 4, "cooperation": 4, "completeness": 5 });
            json!({ "decision": "approve", "rubric": rubric, "reasons": "已阅，见评分" })
        }
        "MaskForm" | "BeginForm" => json!({}),
        "GradeForm" => json!({ "grade": "strong" }),
        "DeferForm" => json!({ "until": "2026-03-01" }),
        "Credentials" => json!({ "login": "cast.ec", "password": PASSWORD }),
        "NewPassword" => json!({ "old": PASSWORD, "new": PASSWORD.replace("甜", "香") }),
        "FinishForm" => json!({ "code": "c", "state": "s", "browser": "b" }),
        "CodeForm" => json!({ "code": cast.code() }),
        "TokenForm" => json!({ "name": "夜间导入" }),
        "Registration" => {
            let consents = crate::world::consents();
            json!({ "organisation": profile(), "account": account, "consents": consents })
        }
        "ResetRequest" | "ResetForm" | "LinkForm" | "InvitationForm" | "AcceptanceForm"
        | "ApplicationForm" => by_mail(schema, &account),
        "Agreement" => json!({ "purpose": "contact_exchange", "version": 1 }),
        "SelfForm" => json!({ "name": "李伟" }),
        "PasswordForm" | "ErasureForm" | "IdentityForm" | "MailForm" => {
            json!({ "password": PASSWORD })
        }
        "Profile" => profile(),
        "DecisionForm" => json!({ "reason": "证照不符" }),
        "NewPerson" => {
            let mut person = account;
            person["organisation"] = json!(cast.enterprise);
            person["role"] = json!("enterprise");
            person
        }
        "GrantForm" => {
            json!({ "person": cast.person("Ex").id, "role": "lead", "reason": "岗位调整" })
        }
        "EmergencyForm" => {
            let reason = "接到举报，须核实";
            json!({ "kind": "need", "listing": cast.need, "minutes": 60, "reason": reason })
        }
        "GroupForm" => {
            let one = Uuid::now_v7().simple().to_string();
            json!({ "words": [&one[12..], &one[16..]], "note": "新词" })
        }
        "PreviewForm" => json!({ "group": { "words": ["铸铁", "灰口铁"] } }),
        "RefusalForm" | "HideForm" => json!({ "reason": "不合适" }),
        "AnswerForm" => json!({
            "answer": "yes", "cooperation": "合作开发", "missing": "中试条件", "about": "一家单位",
            "contact_exchange": "2026-01",
        }),
        "ReadersForm" => json!({ "people": [colleague(cast, path)] }),
        "PersonForm" if path.ends_with("/matchmaker") => json!({ "person": cast.person("Mo").id }),
        "PersonForm" => json!({ "person": colleague(cast, path) }),
        _ => panic!("say in matrix/bodies.rs what a good {schema} is"),
    }
}

/// A good body for what comes or goes by mail; a link that was never sent is told so.
fn by_mail(schema: &str, account: &Value) -> Value {
    match schema {
        "ResetRequest" => json!({ "login": "cast.ec" }),
        "ResetForm" => json!({ "token": "kzl_x", "password": PASSWORD }),
        "LinkForm" => json!({ "token": "kzl_x" }),
        "InvitationForm" => json!({ "mail": "new@example.cn" }),
        "AcceptanceForm" => {
            json!({ "token": "kzl_x", "account": account, "consents": crate::world::consents() })
        }
        _ => json!({
            "organisation": fresh_number().as_str(), "account": account,
            "mail": "new@example.cn", "consents": crate::world::consents(),
        }),
    }
}

/// A colleague of the author of what stands there.
fn colleague(cast: &Cast, path: &str) -> PersonId {
    cast.person(if path.starts_with("/needs") { "Ec" } else { "Rc" }).id
}

fn profile() -> Value {
    let name = format!("新单位{}", Uuid::now_v7().simple());
    json!({ "number": fresh_number().as_str(), "name": name, "kind": "enterprise" })
}

/// A file that is taken.
pub(super) const FILE: &[u8] = b"%PDF-1.7\n";

/// What is said of a file that is sent.
pub(super) fn query(operation: &str) -> &'static str {
    match operation {
        "attachToNeed" | "attachToAchievement" => "name=x",
        "sendProof" => "name=x&kind=licence",
        _ => panic!("say in matrix/bodies.rs what is said of the file of {operation}"),
    }
}
