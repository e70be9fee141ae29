use domain::listings::{Form, Kind, Listing, Visibility};
use uuid::Uuid;

/// A listing as the index sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The listing's id.
    pub id: Uuid,
    /// Need or achievement.
    pub kind: Kind,
    /// How openly it is shown.
    pub shelf: Shelf,
    /// The title.
    pub title: String,
    /// The summary.
    pub summary: String,
    /// Everything else to search and match by.
    pub text: String,
    /// High-tech field codes.
    pub fields: Vec<String>,
    /// Industry code.
    pub industry: Option<String>,
    /// Region code.
    pub region: Option<String>,
    /// Cooperation mode codes.
    pub cooperation: Vec<String>,
    /// Technology readiness level.
    pub readiness: Option<u8>,
    /// When the present edition was published, in seconds since 1970.
    pub published_at: i64,
}

/// How openly an entry is shown. Only what stands on the open shelf lends its words and its
/// frequencies to search, so that hidden text cannot be felt through scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelf {
    /// Found by its words.
    Open,
    /// Found by field and region alone; matched by its words.
    Masked,
    /// Not found at all; matched by its words.
    Closed,
}

impl Entry {
    /// What the index holds of a listing.
    pub fn of<F: Form>(listing: &Listing<F>) -> Self {
        let published_at = listing.publication().map_or(0, |it| it.at.timestamp());
        Self { published_at, ..Self::of_form(listing.id.as_uuid(), listing.form()) }
    }

    /// What the index holds of a form, under an id.
    pub fn of_form<F: Form>(id: Uuid, form: &F) -> Self {
        let card = form.card();
        Self {
            id,
            kind: F::KIND,
            shelf: form.visibility().into(),
            title: card.title.to_owned(),
            summary: card.summary.to_owned(),
            text: form.text(),
            fields: card.fields.iter().map(ToString::to_string).collect(),
            industry: card.industry.map(|it| it.to_string()),
            region: card.region.map(|it| it.to_string()),
            cooperation: card.cooperation.iter().map(ToString::to_string).collect(),
            readiness: card.readiness,
            published_at: 0,
        }
    }
}

impl From<Visibility> for Shelf {
    fn from(visibility: Visibility) -> Self {
        match visibility {
            Visibility::Public => Self::Open,
            Visibility::Masked => Self::Masked,
            Visibility::Confidential => Self::Closed,
        }
    }
}

/// A code and all the codes above it: `60302` is also `603` and `60`.
pub(crate) fn with_ancestors(code: &str, lengths: &[usize]) -> Vec<String> {
    lengths.iter().filter_map(|it| code.get(..*it)).map(str::to_owned).collect()
}

/// A region and those it lies in: `140581` is also `140500` and `140000`.
pub(crate) fn region_with_ancestors(code: &str) -> Vec<String> {
    let mut regions = vec![code.to_owned()];
    for length in [4, 2] {
        let above = code.get(..length).map(|it| format!("{it:0<6}"));
        regions.extend(above.filter(|it| it != code));
    }
    regions.dedup();
    regions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_by_what_it_belongs_to() {
        assert_eq!(with_ancestors("60302", &[2, 3, 5]), ["60", "603", "60302"]);
        assert_eq!(with_ancestors("C33", &[1, 3, 4, 5]), ["C", "C33"]);
        assert_eq!(region_with_ancestors("140581"), ["140581", "140500", "140000"]);
        assert_eq!(region_with_ancestors("140500"), ["140500", "140000"]);
        assert_eq!(region_with_ancestors("140000"), ["140000"]);
    }
}
