//! Who may do what to what: the agreed matrix, as plain tables.

/// A row: an operation of the policy.
pub(super) struct Row {
    pub(super) name: &'static str,
    /// The roles to whom it is ever granted, as letters; others are refused before anything is
    /// looked at.
    roles: &'static str,
    /// Whether those without the role are told that there is nothing.
    hidden: bool,
    /// Who may, on an object of which they know: everyone with the role (`*`), or these, or those who
    /// see at least so much (`>P`). `!`: everyone with the role, also where they see nothing of it.
    on: &'static str,
}

/// What kind of thing, in which state, and what everyone sees of it.
pub(super) struct Object {
    /// The path its kind stands under.
    shelf: &'static str,
    pub(super) name: &'static str,
    /// One letter for each of [`EVERYONE`]: see [`letter`]'s readers.
    seen: &'static str,
}

/// What is expected of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// This status.
    Refused(u16),
    /// Not refused for want of rights: a success, or a refusal for another reason.
    Allowed,
}

/// Everyone: `V` a visitor; `Pe` a member of an unverified enterprise, `Su` of a suspended one; of
/// the need's enterprise `Ea` the author and `Ec` a colleague; `Eo` of another; of the achievement's
/// university `Ra` the author and `Rc` a colleague; `Ro` of another; `Ma` the responsible
/// matchmaker and `Mo` another; `L` the lead; `SA`, `PA`, `AU` the system and the security
/// administrator and the auditor; with a session that cannot serve: `Di` of a disabled account, `Ex`
/// one that has run out.
pub(super) const EVERYONE: [&str; 17] = [
    "V", "Pe", "Su", "Ea", "Ec", "Eo", "Ra", "Rc", "Ro", "Ma", "Mo", "L", "SA", "PA", "AU", "Di",
    "Ex",
];

/// An id that nothing has.
pub(crate) const ABSENT: &str = "01890000-0000-7000-8000-000000000000";

const fn row(name: &'static str, roles: &'static str, on: &'static str) -> Row {
    Row { name, roles, hidden: false, on }
}

const fn hidden(name: &'static str, roles: &'static str, on: &'static str) -> Row {
    Row { name, roles, hidden: true, on }
}

/// By the name of the policy row, or of a single operation where that asks for more. Roles: V visitor, E enterprise, R research, M matchmaker, L lead, Y system administrator,
/// C security administrator, A auditor.
const ROWS: &[Row] = &[
    row("codes.read", "VERMLYCA", "*"),
    row("market.read", "VERMLYCA", "*"),
    row("search", "VERML", "*"),
    row("sessions.create", "VERMLYCA", "*"),
    row("sessions.provider", "VERMLYCA", "*"),
    row("sessions.end", "ERMLYCA", "*"),
    row("me.read", "ERMLYCA", "*"),
    row("me.notices", "ERMLYCA", "*"),
    row("me.edit", "ERMLYCA", "*"),
    row("me.export", "ERMLYCA", "*"),
    row("me.erase", "ERMLYCA", "*"),
    row("me.password", "ERMLYCA", "*"),
    row("passwords.reset", "VERMLYCA", "*"),
    row("me.mail", "ERMLYCA", "*"),
    row("me.mail.confirm", "VERMLYCA", "*"),
    row("consents.texts", "VERMLYCA", "*"),
    row("consents.own", "ERMLYCA", "*"),
    row("tokens.own", "ERMLYCA", "*"),
    row("sessions.own", "ERMLYCA", "*"),
    row("sessions.code", "ERMLYCA", "*"),
    row("me.second_factor", "ERMLYCA", "*"),
    row("me.identities", "ERMLYCA", "*"),
    row("people.second_factor", "Y", "SA"),
    row("organisations.register", "VERMLYCA", "*"),
    row("organisations.list", "MYC", "*"),
    row("organisations.read", "VERMLYCA", "*"),
    row("organisations.edit", "ER", "Ea Ec"),
    row("organisations.decide", "C", "PA"),
    row("people.list", "YC", "*"),
    row("colleagues.list", "ER", "*"),
    row("people.create", "Y", "*"),
    row("invitations.create", "ERY", "*"),
    row("invitations.list", "ERY", "*"),
    row("invitations.withdraw", "ERY", "*"),
    row("invitations.accept", "VERMLYCA", "*"),
    row("applications.create", "VERMLYCA", "*"),
    row("applications.list", "ER", "*"),
    row("applications.decide", "ER", "*"),
    row("people.switch", "Y", "SA"),
    row("grants.read", "YCA", "*"),
    row("grants.ask", "C", "*"),
    row("confirmGrant", "YC", "SA"),
    row("refuseGrant", "YC", "*"),
    row("emergencies.read", "YCA", "*"),
    row("emergencies.ask", "YCA", "*"),
    row("emergencies.decide", "YC", "SA PA"),
    row("emergencies.use", "YCA", "AU"),
    row("people.erase", "Y", "SA"),
    row("submissions.list", "M", "*"),
    row("pairs.list", "M", "*"),
    hidden("pairs.read", "M", "*"),
    hidden("pairs.log", "M", "*"),
    hidden("pairs.work", "M", "*"),
    row("matchers.read", "MLY", "*"),
    row("matchers.activate", "Y", "*"),
    row("audit.read", "A", "*"),
    row("audit.export", "A", "*"),
    row("audit.verify", "A", "*"),
    row("me.audit", "ERMLYCA", "*"),
    hidden("introductions.ask", "M", "*"),
    row("introductions.list", "ERMA", "*"),
    hidden("introductions.read", "ERMA", "*"),
    hidden("introductions.answer", "ER", "Ea Ra"),
    hidden("introductions.withdraw", "ERM", "Ea Ra Ma Mo"),
    row("attachments.read", "VERMLYCA", "*"),
    row("attachments.remove", "ER", "Ea"),
    row("proofs.send", "ER", "Ea Ec"),
    row("proofs.read", "ERC", "Ea Ec PA"),
    row("thesaurus.read", "MLYA", "*"),
    row("thesaurus.edit", "MLY", "*"),
    row("thesaurus.preview", "ML", "*"),
    row("needs.list", "VERMLYCA", "*"),
    row("needs.read", "VERMLYCA", "*"),
    row("needs.create", "E", "*"),
    row("needs.write", "E", "Ea"),
    row("needs.adopt", "E", "Ea Ec"),
    row("needs.submit", "E", "Ea"),
    row("needs.run", "E", "Ea"),
    row("needs.review", "M", "Ma Mo"),
    row("needs.reviews", "EM", ">B"),
    row("needs.hide", "M", "*"),
    row("needs.readers", "E", "Ea"),
    row("needs.reassign", "C", "!"),
    row("needs.matchmaker", "LC", "!"),
    row("needs.leaks", "EM", ">B"),
    row("listEditionsOfNeed", "VERMLYCA", ">P"),
    row("achievements.list", "VERMLYCA", "*"),
    row("achievements.read", "VERMLYCA", "*"),
    row("achievements.create", "R", "*"),
    row("achievements.write", "R", "Ra"),
    row("achievements.adopt", "R", "Ra Rc"),
    row("achievements.submit", "R", "Ra"),
    row("achievements.run", "R", "Ra"),
    row("achievements.review", "M", "Ma Mo"),
    row("achievements.reviews", "RM", ">B"),
    row("achievements.hide", "M", "*"),
    row("achievements.readers", "R", "Ra"),
    row("achievements.reassign", "C", "!"),
    row("achievements.matchmaker", "LC", "!"),
    row("achievements.leaks", "RM", ">B"),
    row("listEditionsOfAchievement", "VERMLYCA", ">P"),
];

const fn need(name: &'static str, seen: &'static str) -> Object {
    Object { shelf: "/needs", name, seen }
}

const fn achievement(name: &'static str, seen: &'static str) -> Object {
    Object { shelf: "/achievements", name, seen }
}

const fn other(shelf: &'static str, name: &'static str, seen: &'static str) -> Object {
    Object { shelf, name, seen }
}

/// `.` nothing (404), `m` metadata, `K` masked, `P` public, `B` business text, `F` everything.
#[rustfmt::skip]
const OBJECTS: &[Object] = &[
    //                                      V Pe Su Ea Ec Eo Ra Rc Ro Ma Mo L SA PA AU
    need("need draft",                     ". .  .  F  F  .  .  .  .  .  .  .  .  .  m"),
    need("need draft confidential",        ". .  .  F  .  .  .  .  .  .  .  .  .  .  m"),
    need("need submitted",                 ". .  .  F  F  .  .  .  .  F  B  .  .  .  m"),
    need("need submitted masked",          ". .  .  F  F  .  .  .  .  F  B  .  .  .  m"),
    need("need submitted confidential",    ". .  .  F  .  .  .  .  .  F  .  .  .  .  m"),
    need("need submitted confidential new",". .  .  F  .  .  .  .  .  B  B  .  .  .  m"),
    need("need returned",                  ". .  .  F  F  .  .  .  .  F  m  .  .  .  m"),
    need("need rejected",                  ". .  .  F  F  .  .  .  .  F  m  .  .  .  m"),
    need("need published",                 "P P  P  F  F  P  P  P  P  F  B  P  .  .  m"),
    need("need published public revised",  "P P  P  F  F  P  P  P  P  F  B  P  .  .  m"),
    need("need published masked",          "K K  K  F  F  K  K  K  K  F  B  K  .  .  m"),
    need("need published confidential",    ". .  .  F  .  .  .  .  .  F  .  .  .  .  m"),
    need("need paused",                    ". .  .  F  F  .  .  .  .  F  m  .  .  .  m"),
    need("need closed masked",             ". .  .  F  F  .  .  .  .  F  m  .  .  .  m"),
    need("need withdrawn confidential",    ". .  .  F  .  .  .  .  .  F  .  .  .  .  m"),
    need("need expired",                   ". .  .  F  F  .  .  .  .  F  m  .  .  .  m"),
    need("need published public orphaned", "P P  P  F  F  P  P  P  P  B  B  P  .  .  m"),
    need("absent",                         ". .  .  .  .  .  .  .  .  .  .  .  .  .  ."),
    achievement("achievement draft",       ". .  .  .  .  .  F  F  .  .  .  .  .  .  m"),
    achievement("achievement submitted",   ". .  .  .  .  .  F  F  .  F  B  .  .  .  m"),
    achievement("achievement published",   "P P  P  P  P  P  F  F  P  F  B  P  .  .  m"),
    achievement("achievement published public revised",
                                           "P P  P  P  P  P  F  F  P  F  B  P  .  .  m"),
    achievement("achievement paused",      ". .  .  .  .  .  F  F  .  F  m  .  .  .  m"),
    achievement("achievement rejected",    ". .  .  .  .  .  F  F  .  F  m  .  .  .  m"),
    achievement("achievement withdrawn",   ". .  .  .  .  .  F  F  .  F  m  .  .  .  m"),
    achievement("achievement expired",     ". .  .  .  .  .  F  F  .  F  m  .  .  .  m"),
    achievement("achievement published public orphaned",
                                           "P P  P  P  P  P  F  F  P  B  B  P  .  .  m"),
    achievement("absent",                  ". .  .  .  .  .  .  .  .  .  .  .  .  .  ."),
    other("/pairs", "pair suggested",      ". .  .  .  .  .  .  .  .  F  F  .  .  .  ."),
    other("/pairs", "pair taken",          ". .  .  .  .  .  .  .  .  F  F  .  .  .  ."),
    other("/pairs", "pair confidential",   ". .  .  .  .  .  .  .  .  F  .  .  .  .  ."),
    other("/pairs", "pair withdrawn",      ". .  .  .  .  .  .  .  .  F  .  .  .  .  ."),
    other("/pairs", "pair accepted",       ". .  .  .  .  .  .  .  .  F  F  .  .  .  ."),
    other("/pairs", "absent",              ". .  .  .  .  .  .  .  .  .  .  .  .  .  ."),
    other("/matchers", "the built-in matcher",
                                           ". .  .  .  .  .  .  .  .  F  F  F  F  .  ."),
    other("/matchers", "absent",           ". .  .  .  .  .  .  .  .  .  .  .  .  .  ."),
    other("/introductions", "introduction asked",
                                           ". .  .  F  F  .  F  F  .  F  F  .  .  .  m"),
    other("/introductions", "introduction agreed",
                                           ". .  .  F  F  .  F  F  .  F  F  .  .  .  m"),
    other("/introductions", "introduction confidential",
                                           ". .  .  F  .  .  .  .  .  F  .  .  .  .  m"),
    other("/introductions", "absent",      ". .  .  .  .  .  .  .  .  .  .  .  .  .  ."),
    other("/grants", "a request",          ". .  .  .  .  .  .  .  .  .  .  .  F  F  F"),
    other("/grants", "absent",             ". .  .  .  .  .  .  .  .  .  .  .  .  .  ."),
    other("/emergencies", "emergency asked",
                                           ". .  .  .  .  .  .  .  .  .  .  .  F  F  F"),
    other("/emergencies", "emergency open", ". .  .  .  .  .  .  .  .  .  .  .  F  F  B"),
    other("/emergencies", "absent",        ". .  .  .  .  .  .  .  .  .  .  .  .  .  ."),
    other("/organisations", "the enterprise",
                                           "P P  P  F  F  P  P  P  P  F  F  P  F  F  P"),
    other("/organisations", "a registered organisation",
                                           ". .  .  .  .  .  .  .  .  F  F  .  F  F  ."),
    other("/organisations", "a suspended organisation",
                                           ". .  .  .  .  .  .  .  .  F  F  .  F  F  ."),
    other("/organisations", "absent",      ". .  .  .  .  .  .  .  .  .  .  .  .  .  ."),
    other("/people", "a person",           ". .  .  .  .  .  .  .  .  .  .  .  F  F  ."),
    other("/people", "a disabled person",  ". .  .  .  .  .  .  .  .  .  .  .  F  F  ."),
    other("/invitations", "an invitation", ". .  .  F  F  .  .  .  .  .  .  .  F  .  ."),
    other("/invitations", "absent",        ". .  .  .  .  .  .  .  .  .  .  .  .  .  ."),
    other("/applications", "an application",
                                           ". .  .  F  F  .  .  .  .  .  .  .  .  .  ."),
    other("/applications", "absent",       ". .  .  .  .  .  .  .  .  .  .  .  .  .  ."),
    other("/people", "absent",             ". .  .  .  .  .  .  .  .  .  .  .  .  .  ."),
    other("/attachments", "file for everyone", "F F  F  F  F  F  F  F  F  F  F  F  .  .  ."),
    other("/attachments", "file for staff",
                                           ". .  .  F  F  .  .  .  .  F  F  .  .  .  ."),
    other("/attachments", "file licence",    ". .  .  F  F  .  .  .  .  .  .  .  .  F  ."),
    other("/attachments", "absent",        ". .  .  .  .  .  .  .  .  .  .  .  .  .  ."),
    other("/tokens", "the author's token", ". .  .  F  .  .  .  .  .  .  .  .  .  .  ."),
    other("/sessions", "the author's session",
                                           ". .  .  F  .  .  .  .  .  .  .  .  .  .  ."),
    other("/sessions", "absent",           ". .  .  .  .  .  .  .  .  .  .  .  .  .  ."),
    other("/me/identities", "identity of the author",
                                           ". .  .  F  .  .  .  .  .  .  .  .  .  .  ."),
    other("/me/identities", "absent",      ". .  .  .  .  .  .  .  .  .  .  .  .  .  ."),
    other("/me/consents", "the author's consent",
                                           ". .  .  F  .  .  .  .  .  .  .  .  .  .  ."),
    other("/me/consents", "absent",        ". .  .  .  .  .  .  .  .  .  .  .  .  .  ."),
    other("/thesaurus", "a synonym group",  ". .  .  .  .  .  .  .  .  F  F  F  F  .  F"),
    other("/thesaurus", "absent",          ". .  .  .  .  .  .  .  .  .  .  .  .  .  ."),
    other("/tokens", "absent",             ". .  .  .  .  .  .  .  .  .  .  .  .  .  ."),
];

/// The row of an operation under a policy row; a test that does not know it fails and says what to
/// do.
pub(super) fn row_of(operation: &str, policy: &str) -> &'static Row {
    let named = |name: &str| ROWS.iter().find(|it| it.name == name);
    let row = named(operation).or_else(|| named(policy));
    row.unwrap_or_else(|| panic!("say in matrix/table.rs who may do {policy} ({operation})"))
}

/// The objects on a shelf.
pub(super) fn objects(shelf: &str) -> Vec<&'static Object> {
    let found: Vec<_> = OBJECTS.iter().filter(|it| it.shelf == shelf).collect();
    assert!(!found.is_empty(), "say in matrix/table.rs what stands under {shelf}");
    found
}

/// What the table says of a request.
pub(super) fn expected(row: &Row, who: &str, object: Option<&Object>) -> Expected {
    use Expected::{Allowed, Refused};
    if ["Di", "Ex"].contains(&who) {
        return Refused(401);
    }
    if !row.roles.contains(role(who)) {
        let known = if row.hidden { 404 } else { 403 };
        return Refused(if who == "V" { 401 } else { known });
    }
    if who == "Su" && !SUSPENDED_MAY.contains(&row.name) {
        return Refused(403);
    }
    if who == "Pe" && (row.name.ends_with(".submit") || row.name == "invitations.create") {
        return Refused(403);
    }
    let Some(object) = object else { return Allowed };
    if row.on == "!" {
        return if object.name == "absent" { Refused(404) } else { Allowed };
    }
    if letter(object, who) == '.' {
        return Refused(404);
    }
    let seen = |it: char| SIGHTS.iter().position(|sight| *sight == it);
    let may = match row.on.strip_prefix('>') {
        Some(least) => seen(letter(object, who)) >= least.chars().next().and_then(seen),
        None => row.on == "*" || row.on.split(' ').any(|it| it == acting(who, object)),
    };
    if may { Allowed } else { Refused(403) }
}

/// As whom someone acts: where the author is no longer there, everyone of theirs is a colleague.
fn acting<'a>(who: &'a str, object: &Object) -> &'a str {
    match (who, object.name.ends_with("orphaned")) {
        ("Ea", true) => "Ec",
        ("Ra", true) => "Rc",
        _ => who,
    }
}

/// From the least to the most.
const SIGHTS: [char; 6] = ['.', 'm', 'K', 'P', 'B', 'F'];

/// Those of a suspended organisation read, and look after their own account.
const SUSPENDED_MAY: &[&str] = &[
    "codes.read",
    "market.read",
    "search",
    "sessions.create",
    "sessions.provider",
    "sessions.end",
    "me.read",
    "me.edit",
    "me.export",
    "me.erase",
    "me.password",
    "passwords.reset",
    "me.mail",
    "me.mail.confirm",
    "invitations.accept",
    "applications.create",
    "consents.texts",
    "consents.own",
    "tokens.own",
    "attachments.read",
    "proofs.read",
    "sessions.own",
    "sessions.code",
    "me.second_factor",
    "me.identities",
    "me.audit",
    "organisations.register",
    "organisations.read",
    "me.notices",
    "colleagues.list",
    "introductions.list",
    "introductions.read",
    "introductions.withdraw",
    "needs.list",
    "needs.read",
    "needs.reviews",
    "needs.leaks",
    "listEditionsOfNeed",
    "achievements.list",
    "achievements.read",
    "listEditionsOfAchievement",
];

fn role(who: &str) -> char {
    match who {
        "Pe" | "Su" | "Ea" | "Ec" | "Eo" => 'E',
        "Ra" | "Rc" | "Ro" => 'R',
        "Ma" | "Mo" => 'M',
        "SA" => 'Y',
        "PA" => 'C',
        "AU" => 'A',
        it => it.chars().next().unwrap(),
    }
}

/// What someone sees of an object.
fn letter(object: &Object, who: &str) -> char {
    let place = EVERYONE.iter().position(|it| *it == who).unwrap();
    let letters: Vec<&str> = object.seen.split_whitespace().collect();
    letters.get(place).and_then(|it| it.chars().next()).unwrap_or('.')
}

/// The name of what someone is shown of an object.
pub(super) fn view(who: &str, object: &str) -> &'static str {
    let object = OBJECTS.iter().find(|it| it.name == object).unwrap();
    match letter(object, who) {
        'm' => "metadata",
        'K' => "masked",
        'P' => "public",
        'B' => "business",
        'F' => "full",
        _ => "nothing",
    }
}
