//! What becomes of a list of suggestions when something is changed.

use uuid::Uuid;

/// What differs between two lists, each in its order of rank.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// What is in the second list alone, with its rank there, from 1.
    pub entered: Vec<(Uuid, usize)>,
    /// What is in the first list alone, with its rank there.
    pub left: Vec<(Uuid, usize)>,
    /// What is in both at different ranks, with its rank in the first and in the second.
    pub moved: Vec<(Uuid, usize, usize)>,
}

impl Changes {
    /// What differs between two lists.
    pub fn between(before: &[Uuid], after: &[Uuid]) -> Self {
        let rank = |list: &[Uuid], id: Uuid| list.iter().position(|it| *it == id).map(|it| it + 1);
        let mut changes = Self::default();
        for (id, now) in after.iter().copied().zip(1..) {
            match rank(before, id) {
                None => changes.entered.push((id, now)),
                Some(then) if then != now => changes.moved.push((id, then, now)),
                Some(_) => {}
            }
        }
        let gone = before.iter().copied().zip(1..).filter(|(id, _)| !after.contains(id));
        changes.left = gone.collect();
        changes
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.entered.is_empty() && self.left.is_empty() && self.moved.is_empty()
    }

    /// How much differs: how many entered and left, and then how far the others moved.
    pub fn extent(&self) -> (usize, usize) {
        let moved = self.moved.iter().map(|(_, then, now)| then.abs_diff(*now)).sum();
        (self.entered.len() + self.left.len(), moved)
    }
}
