use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Places for connections: so many in all, and so many from one address.
#[derive(Clone, Debug)]
pub(super) struct Places {
    all: Arc<Semaphore>,
    each: usize,
    taken: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// A place that a connection has; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    /// Nothing if it stands for many clients.
    peer: Option<IpAddr>,
    taken: Arc<Mutex<HashMap<IpAddr, usize>>>,
    _one_of_all: OwnedSemaphorePermit,
}

impl Places {
    pub(super) fn new(all: usize, each: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(all)), each, taken: Arc::default() }
    }

    /// A place for a connection from `peer`, if there is one.
    pub(super) fn take(&self, peer: IpAddr) -> Option<Place> {
        let peer = peer.to_canonical();
        let one_of_all = Arc::clone(&self.all).try_acquire_owned().ok()?;
        let mut taken = locked(&self.taken);
        let from_there = taken.entry(peer).or_default();
        if *from_there >= self.each {
            return None;
        }
        *from_there += 1;
        drop(taken);
        Some(Place { peer: Some(peer), taken: Arc::clone(&self.taken), _one_of_all: one_of_all })
    }

    /// A place for a connection that stands for many clients.
    pub(super) fn take_for_many(&self) -> Option<Place> {
        let one_of_all = Arc::clone(&self.all).try_acquire_owned().ok()?;
        Some(Place { peer: None, taken: Arc::clone(&self.taken), _one_of_all: one_of_all })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(peer) = self.peer else { return };
        let mut taken = locked(&self.taken);
        let left = taken.get(&peer).copied().unwrap_or(0).saturating_sub(1);
        if left == 0 {
            taken.remove(&peer);
        } else {
            taken.insert(peer, left);
        }
    }
}

fn locked(taken: &Mutex<HashMap<IpAddr, usize>>) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn one_address_cannot_take_every_place_and_places_come_back() {
        let places = Places::new(4, 2);
        let [one, other] = [1, 2].map(|it| IpAddr::from([192, 0, 2, it]));
        let mapped = IpAddr::from(Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped());
        let held = [places.take(one), places.take(mapped)];
        assert!(held.iter().all(Option::is_some) && places.take(one).is_none());
        let also = [places.take(other), places.take(other)];
        assert!(also.iter().all(Option::is_some));
        assert!(places.take([192, 0, 2, 3].into()).is_none(), "there are four");
        assert!(places.take_for_many().is_none());
        drop(held);
        assert!(places.take(one).is_some() && places.take([192, 0, 2, 3].into()).is_some());
        let many = [places.take_for_many(), places.take_for_many()];
        assert!(many.iter().all(Option::is_some), "a proxy has more than one address");
        drop(also);
        assert!(locked(&places.taken).is_empty());
    }
}
