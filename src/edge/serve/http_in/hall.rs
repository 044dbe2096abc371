//! What all connections of HTTP share: places for requests, room for bodies, and the upstreams.
//!
//! A body may be held three times: as it came, unpacked, and masked. Little is free for any connection; for more it
//! takes its room in one piece, and what outgrows that needs the one place for the largest body. Whoever has that waits
//! for no room that another one has, so that there is no deadlock.
//!
//! Who waits for what bodies hold that still come has the slowest of these sent away, so that senders which begin and
//! do not go on keep nobody out for long.

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::coming::{Coming, Comings};

use crate::edge::serve::budget::SMALL_BYTES;
use crate::edge::serve::http::refusal::Refusal;
use crate::edge::serve::http_out::pool::Pool;
use crate::edge::serve::shared::Shared;

/// As it came, unpacked, masked.
const COPIES: usize = 3;
/// So many times a compressed body is taken to grow, until it does.
const RATIO: usize = 12;
/// What is taken for a body of which nobody says how long it is.
const UNKNOWN_BYTES: usize = 256 << 10;
const FULL: Refusal = Refusal::Busy("there was no room in hold-seconds; come again");
/// How long one waits until the slowest of those who keep others out is sent away, and then the next.
const PATIENCE: Duration = Duration::from_millis(500);

/// Shared by connections.
pub struct Hall {
    /// What is shared with all others.
    pub shared: Arc<Shared>,
    /// Where requests go.
    pub pool: Pool,
    places: Arc<Semaphore>,
    room: Arc<Semaphore>,
    large: Arc<Semaphore>,
    comings: Comings,
}

/// What one request holds.
pub struct Held<'a> {
    hall: &'a Hall,
    place: Option<OwnedSemaphorePermit>,
    room: Option<OwnedSemaphorePermit>,
    large: Option<OwnedSemaphorePermit>,
    /// Its body, while it still comes and others may wait for its place.
    coming: Option<Coming>,
    /// How long it may still wait.
    left: Duration,
    /// Bytes of a body there is room for, as it comes.
    wire: usize,
    /// And unpacked.
    plain: usize,
}

impl Hall {
    /// For these settings.
    pub fn new(shared: Arc<Shared>) -> Arc<Hall> {
        let limits = &shared.settings.limits;
        let room = limits.buffered_bytes.saturating_sub(limits.body_bytes()).max(COPIES * UNKNOWN_BYTES);
        Arc::new(Hall {
            places: Arc::new(Semaphore::new(limits.requests)),
            room: Arc::new(Semaphore::new(room)),
            large: Arc::new(Semaphore::new(1)),
            // At this pace the largest body comes in time.
            comings: Comings::new(limits.message_bytes as f64 / limits.slow.as_secs_f64(), PATIENCE),
            pool: Pool::new(shared.clone()),
            shared,
        })
    }

    /// Looks after upstreams until it is time to stop.
    pub async fn watch(self: Arc<Self>) {
        self.pool.watch().await;
    }

    /// What a request begins with: nothing.
    pub fn hold(&self) -> Held<'_> {
        let left = self.shared.settings.limits.hold;
        Held { hall: self, place: None, room: None, large: None, coming: None, left, wire: SMALL_BYTES, plain: 0 }
    }
}

impl Held<'_> {
    /// How long it may still wait.
    pub fn left(&self) -> Duration {
        self.left
    }

    /// How much may come of the body when it is unpacked.
    pub fn plain(&self) -> usize {
        self.plain
    }

    /// Whether it has the place of the largest.
    pub fn is_large(&self) -> bool {
        self.large.is_some()
    }

    /// Makes room for a body that comes to `wire` bytes at least, and to `declared` as its sender says.
    ///
    /// # Errors
    /// When there was none for too long.
    pub async fn grow(&mut self, wire: usize, declared: Option<usize>, packed: bool) -> Result<(), Refusal> {
        let has_room = self.room.is_some() || self.large.is_some() || wire <= SMALL_BYTES;
        if wire <= self.wire && has_room {
            if let Some(coming) = &self.coming {
                coming.has(wire);
            }
            return Ok(());
        }
        self.enter().await?;
        let wanted = declared.unwrap_or(UNKNOWN_BYTES).max(wire);
        let plain = if packed { wanted.saturating_mul(RATIO) } else { wanted };
        let bytes = wanted.saturating_add(plain.saturating_mul(COPIES - 1));
        // A quarter for one of them, so that others find room too.
        if self.room.is_some() || bytes > self.hall.room_bytes() / 4 {
            self.grow_large().await?;
        } else {
            let room = self.hall.room.clone().acquire_many_owned(u32::try_from(bytes).unwrap_or(u32::MAX));
            self.room = Some(self.wait(room, false).await?);
            (self.wire, self.plain) = (wanted, plain);
        }
        self.coming = Some(self.hall.comings.begin(wire, self.large.is_some()));
        Ok(())
    }

    /// Has a place among the requests that are under way, and room for a body of so many bytes.
    ///
    /// # Errors
    /// When there was none for too long.
    pub async fn settle(&mut self, wire: usize, packed: bool) -> Result<(), Refusal> {
        self.enter().await?;
        if self.room.is_none() && self.large.is_none() && wire > 0 {
            self.wire = 0;
            self.grow(wire, Some(wire), packed).await?;
        }
        self.coming = None;
        Ok(())
    }

    /// Ends when the body came the slowest of all, and others wait for what it holds.
    pub async fn sent_away(&self) {
        match &self.coming {
            Some(coming) => coming.sent_away().await,
            None => pending().await,
        }
    }

    async fn enter(&mut self) -> Result<(), Refusal> {
        if self.place.is_none() {
            let place = self.hall.places.clone().acquire_owned();
            self.place = Some(self.wait(place, false).await?);
        }
        Ok(())
    }

    /// Takes the place of the largest body.
    ///
    /// # Errors
    /// When it was not free for too long.
    pub async fn grow_large(&mut self) -> Result<(), Refusal> {
        if self.large.is_none() {
            let large = self.hall.large.clone().acquire_owned();
            self.large = Some(self.wait(large, true).await?);
        }
        let most = self.hall.shared.settings.limits.message_bytes;
        (self.room, self.wire, self.plain) = (None, most, most);
        Ok(())
    }

    /// Waits, and counts it off what is left. What is waited for is the place of the largest body, or what all hold.
    async fn wait<T, E>(&mut self, what: impl Future<Output = Result<T, E>>, large: bool) -> Result<T, Refusal> {
        // That it does not come meanwhile is not its doing.
        self.coming = None;
        let (begun, mut what) = (Instant::now(), pin!(what));
        let got = loop {
            let left = self.left.saturating_sub(begun.elapsed());
            match timeout(left.min(PATIENCE), what.as_mut()).await {
                Ok(got) => break got.ok(),
                Err(_) if left <= PATIENCE => break None,
                Err(_) => self.hall.comings.send_one_away(large),
            }
        };
        self.left = self.left.saturating_sub(begun.elapsed());
        got.ok_or(FULL)
    }
}

impl Hall {
    fn room_bytes(&self) -> usize {
        let limits = &self.shared.settings.limits;
        limits.buffered_bytes.saturating_sub(limits.body_bytes()).max(COPIES * UNKNOWN_BYTES)
    }
}
