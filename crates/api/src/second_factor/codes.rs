//! The codes of second factors: those of a device (RFC 6238), and those for when it is lost.

use chrono::{DateTime, Utc};
use db::Tx;
use domain::people::{Login, PersonId};
use totp_rs::{Builder, Secret, Totp};

use crate::{problem::Problem, secrets};

/// How many recovery codes there are.
const CODES: usize = 10;

/// A new secret for a device: 160 random bits, in base 32.
pub(super) fn new_secret() -> Result<String, Problem> {
    let mut bytes = [0_u8; 20];
    getrandom::fill(&mut bytes).map_err(Problem::internal)?;
    Ok(Secret::new_stack(bytes).to_base32())
}

/// What a device reads the secret from, as a picture or typed in.
pub(super) fn address(login: &Login, secret: &str) -> String {
    let login = login.as_str().replace('@', "%40");
    format!("otpauth://totp/Kezhuan:{login}?secret={secret}&issuer=Kezhuan")
}

/// The step of time whose code this is: the present one, or the one before or after it.
pub(super) fn step(secret: &str, code: &str, now: DateTime<Utc>) -> Result<Option<i64>, Problem> {
    let seconds = u64::try_from(now.timestamp()).map_err(Problem::internal)?;
    let step = device(secret)?.check(code, seconds);
    Ok(step.and_then(|it| i64::try_from(it).ok()))
}

fn device(secret: &str) -> Result<Totp, Problem> {
    let secret = Secret::try_from_base32(secret).map_err(Problem::internal)?;
    Builder::new().with_secret(secret).build().map_err(Problem::internal)
}

/// New recovery codes, of 80 bits each.
pub(super) fn new_recovery_codes() -> Result<Vec<String>, Problem> {
    let new = || {
        let mut bytes = [0_u8; 10];
        getrandom::fill(&mut bytes).map_err(Problem::internal)?;
        let text = Secret::from(bytes.to_vec()).to_base32().to_ascii_lowercase();
        let letters: Vec<char> = text.chars().collect();
        let groups: Vec<String> = letters.chunks(4).map(|it| it.iter().collect()).collect();
        Ok(groups.join("-"))
    };
    std::iter::repeat_with(new).take(CODES).collect()
}

/// What is stored of a recovery code. It is random, so that a plain digest will do.
pub(super) fn digest(code: &str) -> String {
    let letters: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    secrets::digest(&letters.to_ascii_lowercase())
}

/// Uses up a code of someone's second factor, if it is one that was not used before. In the
/// transaction that lets the person in: two who send one code at once cannot both be let in.
pub(crate) async fn use_up(
    tx: &Tx,
    (person, secret): (PersonId, &str),
    (code, now): (&str, DateTime<Utc>),
) -> Result<bool, Problem> {
    let code = code.trim();
    if let Some(step) = step(secret, code, now)? {
        return Ok(db::second_factors::use_step(tx, person, step).await?);
    }
    Ok(db::second_factors::use_recovery_code(tx, person, &digest(code)).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 6238's appendix B, and its codes cut to six digits.
    const KEY: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    #[test]
    fn codes_are_those_of_the_standard() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (20_000_000_000, "353130"),
        ] {
            let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
            assert_eq!(step(KEY, code, at(seconds)).unwrap(), Some(seconds / 30));
            assert_eq!(step(KEY, code, at(seconds + 30)).unwrap(), Some(seconds / 30));
            assert_eq!(step(KEY, code, at(seconds + 90)).unwrap(), None);
        }
        for wrong in ["", "28708", "2870822", "abcdef", "２８７０８２"] {
            assert_eq!(step(KEY, wrong, DateTime::from_timestamp(59, 0).unwrap()).unwrap(), None);
        }
    }

    #[test]
    fn secrets_and_recovery_codes_are_random_and_readable() {
        let (one, other) = (new_secret().unwrap(), new_secret().unwrap());
        assert!(one != other && one.len() == 32, "{one}");
        let codes = new_recovery_codes().unwrap();
        assert!(codes.len() == 10 && codes.iter().all(|it| it.len() == 19), "{codes:?}");
        let typed = codes[0].to_uppercase().replace('-', " ");
        assert_eq!(digest(&typed), digest(&codes[0]));
        let login = Login::new("li.wei@danhe").unwrap();
        assert_eq!(
            address(&login, KEY),
            format!("otpauth://totp/Kezhuan:li.wei%40danhe?secret={KEY}&issuer=Kezhuan")
        );
    }
}
