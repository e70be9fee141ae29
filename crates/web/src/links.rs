//! The pages behind the links in mails: set a new password, accept an invitation, confirm an address.
//! A link that is opened does nothing by itself: programs open links too, to look for harm.

use std::time::Duration;

use askama::Template;
use axum::{
    body::{Body, to_bytes},
    extract::RawQuery,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    client::{Client, Refused},
    page::html,
    queries::field,
};

/// A form behind a link.
#[derive(Template)]
#[template(path = "link.html")]
struct Form {
    title: &'static str,
    lead: &'static str,
    action: &'static str,
    token: String,
    inputs: Vec<Input>,
    consent: Option<Consent>,
    button: &'static str,
}

/// A field of a form, with what is wrong with it.
struct Input {
    name: &'static str,
    /// Where the API names it.
    pointer: &'static str,
    label: &'static str,
    hint: &'static str,
    kind: &'static str,
    autocomplete: &'static str,
    value: String,
    faults: Vec<String>,
}

/// What is consented to, with what is wrong if it is not.
struct Consent {
    version: i64,
    text: String,
    faults: Vec<String>,
}

/// A page that says that it is done.
#[derive(Template)]
#[template(path = "done.html")]
struct Done {
    title: &'static str,
    lead: &'static str,
}

/// Which page.
#[derive(Clone, Copy)]
pub(crate) enum Page {
    /// Set a new password.
    Reset,
    /// Accept an invitation.
    Join,
    /// Confirm an address.
    Confirm,
}

/// The most bytes of a form.
const MOST: usize = 16 * 1024;
/// How long a form may take to arrive.
const PATIENCE: Duration = Duration::from_secs(15);

/// The form.
pub(crate) async fn show(page: Page, client: Client, RawQuery(raw): RawQuery) -> Response {
    let query = raw.unwrap_or_default();
    secretly(match page.form(&client, &query).await {
        Ok(form) => html(StatusCode::OK, &form),
        Err(refused) => refused.into_response(),
    })
}

/// What was typed into it goes to the API.
pub(crate) async fn send(page: Page, client: Client, body: Body) -> Response {
    let bytes = timeout(PATIENCE, to_bytes(body, MOST)).await;
    let typed = bytes.ok().and_then(Result::ok).and_then(|it| String::from_utf8(it.to_vec()).ok());
    let Some(typed) = typed else { return secretly(unreadable().into_response()) };
    secretly(match page.sent(&client, &typed).await {
        Ok(answer) => answer,
        Err(refused) => refused.into_response(),
    })
}

fn unreadable() -> Refused {
    let detail = "表单无法读取，请重新打开链接。".to_owned();
    Refused { status: StatusCode::BAD_REQUEST, detail, ..Refused::not_found() }
}

/// The address of the page holds a secret: it goes to nobody, and is kept nowhere.
fn secretly(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

impl Page {
    async fn form(self, client: &Client, typed: &str) -> Result<Form, Refused> {
        let input = |name, pointer, label: &'static str| Input {
            name,
            pointer,
            label,
            hint: "",
            kind: "text",
            autocomplete: "off",
            value: field(typed, name),
            faults: Vec::new(),
        };
        let password = |pointer| Input {
            kind: "password",
            autocomplete: "new-password",
            hint: "不要用常见的密码、您的用户名或单位名称。",
            value: String::new(),
            ..input("password", pointer, "新密码")
        };
        let token = field(typed, "token");
        Ok(match self {
            Self::Reset => Form {
                title: "设置新密码",
                lead: "设置之后，您的所有会话和令牌随即失效，请用新密码重新登录。",
                action: "/reset",
                token,
                inputs: vec![password("/password")],
                consent: None,
                button: "设置新密码",
            },
            Self::Join => Form {
                title: "接受邀请，建立账号",
                lead: "账号属于邀请您的单位。",
                action: "/join",
                token,
                inputs: vec![
                    Input {
                        hint: "3至40个小写字母、数字或 . _ - @，以字母开头。",
                        autocomplete: "username",
                        ..input("login", "/account/login", "用户名")
                    },
                    Input { autocomplete: "name", ..input("name", "/account/name", "姓名") },
                    Input { label: "密码", ..password("/account/password") },
                ],
                consent: Some(Consent::fetch(client).await?),
                button: "建立账号",
            },
            Self::Confirm => Form {
                title: "确认邮箱",
                lead: "确认之后，忘记密码时的链接和账号的通知会寄到这个邮箱。",
                action: "/confirm",
                token,
                inputs: Vec::new(),
                consent: None,
                button: "确认",
            },
        })
    }

    /// What the API is asked for what was typed.
    fn request(self, typed: &str) -> (&'static str, Value) {
        let text = |name| field(typed, name);
        let token = text("token");
        match self {
            Self::Reset => {
                ("/v1/password-resets/use", json!({ "token": token, "password": text("password") }))
            }
            Self::Join => {
                let version = text("account_keeping").parse::<i64>().ok();
                let consent = |it| json!({ "purpose": "account_keeping", "version": it });
                let consents: Vec<Value> = version.into_iter().map(consent).collect();
                let [login, password, name] = ["login", "password", "name"].map(text);
                let account = json!({ "login": login, "password": password, "name": name });
                let body = json!({ "token": token, "account": account, "consents": consents });
                ("/v1/invitations/accept", body)
            }
            Self::Confirm => ("/v1/mail-confirmations", json!({ "token": token })),
        }
    }

    const fn done(self) -> Done {
        match self {
            Self::Reset => Done {
                title: "密码已设置",
                lead: "所有会话和令牌已经失效，请用新密码登录。",
            },
            Self::Join => Done {
                title: "账号已建立", lead: "请用刚才填写的用户名和密码登录。"
            },
            Self::Confirm => {
                Done { title: "邮箱已确认", lead: "可以关闭这个页面了。" }
            }
        }
    }

    async fn sent(self, client: &Client, typed: &str) -> Result<Response, Refused> {
        let (path, body) = self.request(typed);
        let Err(refused) = client.post(path, &body).await else {
            return Ok(html(StatusCode::OK, &self.done()));
        };
        let mut form = self.form(client, typed).await?;
        if form.take(&refused.faults) { Ok(html(refused.status, &form)) } else { Err(refused) }
    }
}

impl Form {
    /// Puts what is wrong beside the fields; tells whether everything found its place.
    fn take(&mut self, faults: &[(String, String)]) -> bool {
        let mut placed = 0;
        for (pointer, detail) in faults {
            let input = self.inputs.iter_mut().find(|it| it.pointer == pointer);
            let list = match (input, &mut self.consent) {
                (Some(input), _) => &mut input.faults,
                (None, Some(consent)) if pointer.starts_with("/consents") => &mut consent.faults,
                (None, _) => continue,
            };
            list.push(detail.clone());
            placed += 1;
        }
        placed > 0 && placed == faults.len()
    }
}

impl Consent {
    async fn fetch(client: &Client) -> Result<Self, Refused> {
        let texts = client.get("/v1/consents").await?;
        let texts = texts.as_array().map(Vec::as_slice).unwrap_or_default();
        let purpose = |it: &&Value| it.get("purpose").is_some_and(|it| it == "account_keeping");
        let text = texts.iter().find(purpose).ok_or_else(Refused::not_found)?;
        let zh = text.get("zh").and_then(Value::as_str).unwrap_or_default();
        let version = text.get("version").and_then(Value::as_i64).unwrap_or_default();
        Ok(Self { version, text: zh.to_owned(), faults: Vec::new() })
    }
}
