//! What mails say: Chinese first, English beneath. A mail names nothing but what its reader is to do,
//! and carries a link: mail passes through many hands.

use db::mails::{Kind, Letter};
use secrecy::ExposeSecret as _;

/// The words of one kind of mail; `{link}` stands for its link.
struct Words {
    subject: &'static str,
    /// The page its link leads to; none if there is no link.
    page: Option<&'static str>,
    chinese: &'static str,
    english: &'static str,
}

/// The subject and the text of a mail; nothing if it is not one yet.
pub(crate) fn words(letter: &Letter, url: &str) -> Option<(String, String)> {
    let Words { subject, page, chinese, english } = of(letter.kind)?;
    let mut text = format!("{chinese}\n\n{english}\n");
    if let Some(page) = page {
        let secret = letter.secret.expose_secret();
        text = text.replace("{link}", &format!("{url}{page}?token={secret}"));
    }
    Some((subject.to_owned(), format!("{text}\n-- \n科转 Kezhuan {url}/\n")))
}

const fn of(kind: Kind) -> Option<Words> {
    Some(match kind {
        Kind::ResetAsked => return None,
        Kind::Reset => Words {
            subject: "科转：重设密码 / Set a new password",
            page: Some("/reset"),
            chinese: "有人请求重设您在科转的密码。请在30分钟内打开以下链接设置新密码，链接只能使用一次：\n\n{link}\n\n如果不是您本人的请求，不必理会，密码不会改变。请勿将链接转给他人。",
            english: "Someone asked to set a new password for your account. Open the link above within 30 minutes; it serves once. If it was not you, do nothing: your password stays as it is. Pass the link on to nobody.",
        },
        Kind::PasswordChanged => Words {
            subject: "科转：密码已修改 / Your password was changed",
            page: None,
            chinese: "您在科转的密码刚刚通过邮件链接修改，所有会话和令牌已经失效。如果不是您本人所为，请立即联系管理员。",
            english: "Your password was just changed by a link from a mail. All sessions and tokens have ended. If it was not you, tell the office at once.",
        },
        Kind::Confirmation => Words {
            subject: "科转：确认邮箱 / Confirm your mail address",
            page: Some("/confirm"),
            chinese: "请在3天内打开以下链接，确认这是您在科转使用的邮箱：\n\n{link}\n\n如果您没有在科转填写过这个邮箱，不必理会。",
            english: "Open the link above within 3 days to confirm that this is your mail address. If you never gave it to us, do nothing.",
        },
        Kind::AddressChanged => Words {
            subject: "科转：邮箱已更换 / Another mail address",
            page: None,
            chinese: "您在科转的邮箱已更换或移除，以后的邮件不再发到这里。如果不是您本人所为，请立即联系管理员。",
            english: "Your account now has another mail address, or none; nothing more will come here. If it was not you, tell the office at once.",
        },
        Kind::Invitation => Words {
            subject: "科转：邀请您加入 / You are invited",
            page: Some("/join"),
            chinese: "有单位邀请您加入科转（科技成果转化市场）。请在7天内打开以下链接建立账号，链接只能使用一次：\n\n{link}\n\n如果您不认识邀请人，不必理会。",
            english: "An organisation invites you to Kezhuan, a market for technology. Open the link above within 7 days to make your account; it serves once. If this tells you nothing, do nothing.",
        },
        Kind::Accepted => Words {
            subject: "科转：申请已通过 / Your application was accepted",
            page: Some("/confirm"),
            chinese: "您加入单位的申请已通过，可以用申请时填写的用户名和密码登录。请在3天内打开以下链接确认邮箱：\n\n{link}",
            english: "Your application was accepted: sign in with the name and password you chose. Open the link above within 3 days to confirm your mail address.",
        },
        Kind::Refused => Words {
            subject: "科转：申请未通过 / Your application was refused",
            page: None,
            chinese: "您加入单位的申请未获通过。申请时填写的信息已经删除。",
            english: "Your application was refused. What you wrote in it was deleted.",
        },
    })
}

#[cfg(test)]
mod tests {
    use domain::contacts::Mail;

    use super::*;

    #[test]
    fn a_mail_that_needs_a_link_has_it_once_and_no_other_has_one() {
        let address = Mail::new("li.wei@example.cn").unwrap();
        for (kind, page) in [
            (Kind::Reset, Some("/reset?")),
            (Kind::PasswordChanged, None),
            (Kind::Confirmation, Some("/confirm?")),
            (Kind::AddressChanged, None),
            (Kind::Invitation, Some("/join?")),
            (Kind::Accepted, Some("/confirm?")),
            (Kind::Refused, None),
        ] {
            let letter = Letter::to(kind, None, &address).with("kzl_x".into());
            let (_, text) = words(&letter, "https://kz.example.cn").unwrap();
            let links = text.matches("kzl_x").count();
            assert_eq!(links, usize::from(page.is_some()), "{kind:?}");
            assert!(!text.contains('{') && !text.contains("li.wei"), "{text}");
            assert!(page.is_none_or(|it| text.contains(it)), "{text}");
        }
        assert!(words(&Letter::reset_asked("li.wei"), "").is_none());
    }
}
