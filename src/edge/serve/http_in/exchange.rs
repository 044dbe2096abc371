//! A request -> its body, whole and masked -> the upstream's answer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Either, Full};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::header::{CONTENT_LENGTH, HeaderValue, TE, TRAILER, UPGRADE};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response};
use tokio::time::timeout;

use super::hall::{Hall, Held};
use super::reply::{Body, Words, reason, reply};
use crate::edge::serve::http::body::{About, Judged, judge};
use crate::edge::serve::http::coding::Coding;
use crate::edge::serve::http::kind::Said;
use crate::edge::serve::http::proto::table::{Message, of_method};
use crate::edge::serve::http::refusal::Refusal;
use crate::edge::serve::http::{grpc, head};
use crate::edge::serve::lane::Done;
use crate::edge::serve::settings::{Listen, Rules};
use crate::edge::serve::wire::Peer;
use crate::edge::serve::work::off;
use crate::engine::wipe::wipe;

/// A sender that is refused is read from for so long and so much, so that it hears why before its connection ends.
const HEAR: Duration = Duration::from_secs(2);
const HEAR_BYTES: usize = 64 << 20;
/// No 408: most senders take that for good, and this one may only have a thin line.
const AWAY: Refusal = Refusal::Busy("others waited for the room of a body that came the slowest; come again");

/// Where requests of one connection come in.
pub struct Door {
    /// Who sends.
    pub peer: Peer,
    /// Shared with other connections.
    pub hall: Arc<Hall>,
    /// How long the first request had taken when it was handed on.
    pub took: Mutex<Duration>,
}

/// Who has not answered, and why not.
type Failed = (Option<usize>, Refusal);

/// How a body is to be read.
#[derive(Clone, Copy)]
enum Read {
    /// As its headers say.
    Plain(Coding, Said),
    /// As messages of gRPC, compressed so.
    Grpc(Coding, &'static Message),
}

impl Door {
    /// Answers a request: the upstream does, or nobody else can.
    pub async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let words = Words::of(request.headers());
        let shared = &self.hall.shared;
        let listener = &shared.settings.listen[self.peer.listener].name;
        let (upstream, response) = match self.exchange(request).await {
            Ok((n, mut answer)) => {
                head::end_hop(answer.headers_mut(), false);
                (Some(n), answer.map(Either::Left))
            }
            Err((n, why)) => {
                match reason(why) {
                    Some(reason) => shared.turn_away(self.peer.listener, &self.peer.name, reason, why.said()),
                    None => tracing::warn!(%listener, peer = %self.peer.name, "{}", why.said()),
                }
                (n, reply(why, words))
            }
        };
        let upstream = upstream.map(|n| shared.settings.upstream[n].name.as_str());
        shared.numbers.http.request(listener, upstream, response.status().as_u16());
        response
    }

    async fn exchange(&self, request: Request<Incoming>) -> Result<(usize, Response<Incoming>), Failed> {
        let (mut parts, mut incoming) = request.into_parts();
        let mut held = self.hall.hold();
        let taken = self.take(&parts, &mut incoming, &mut held).await;
        let (read, mut body) = match taken {
            Ok(taken) => taken,
            Err(why) => {
                // Others need not wait until it has been told.
                drop(held);
                hear(&mut incoming).await;
                return Err((None, why));
            }
        };
        let grpc = matches!(read, Read::Grpc(..));
        let had_body = !body.is_empty() || parts.headers.contains_key(CONTENT_LENGTH);
        if !body.is_empty() {
            let judged = self.judge(&body, &parts, read, &mut held).await;
            let judged = judged.map_err(|why| (None, why))?;
            if let Some(masked) = judged.body {
                wipe(&mut body);
                body = masked;
                head::changed(&mut parts.headers).map_err(|why| (None, why))?;
            }
        }
        let trailers = parts.headers.get(TE).is_some_and(|v| v == "trailers") && grpc;
        head::end_hop(&mut parts.headers, trailers);
        // Those of a request say nothing that anybody reads.
        parts.headers.remove(TRAILER);
        parts.headers.remove(CONTENT_LENGTH);
        if had_body && !grpc {
            parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        }
        let ask = Request::from_parts(parts, Full::new(Bytes::from(body)));
        self.hall.pool.send(ask, grpc, held.left()).await
    }

    /// Looks at the head, and reads the body as a whole.
    async fn take(
        &self,
        parts: &Parts,
        incoming: &mut Incoming,
        held: &mut Held<'_>,
    ) -> Result<(Read, Vec<u8>), Refusal> {
        let listen = &self.hall.shared.settings.listen[self.peer.listener];
        let read = read(parts, listen)?;
        let packed = !matches!(read, Read::Plain(Coding::Identity, _) | Read::Grpc(Coding::Identity, _));
        let limits = &self.hall.shared.settings.limits;
        let declared = incoming.size_hint().exact().map(|n| usize::try_from(n).unwrap_or(usize::MAX));
        if declared.is_some_and(|n| n > limits.message_bytes) {
            return Err(Refusal::Large);
        }
        let mut body = Vec::new();
        let took = std::mem::take(&mut *self.took.lock().unwrap_or_else(PoisonError::into_inner));
        let mut left = limits.slow.saturating_sub(took);
        while !incoming.is_end_stream() {
            let begun = Instant::now();
            let frame = tokio::select! {
                frame = timeout(left, incoming.frame()) => frame.map_err(|_| Refusal::Slow)?,
                () = held.sent_away() => return Err(AWAY),
            };
            left = left.saturating_sub(begun.elapsed());
            let Some(frame) = frame else { break };
            // Trailers stay here.
            let Ok(data) = frame.map_err(|_| Refusal::Gone)?.into_data() else { continue };
            if body.len() + data.len() > limits.message_bytes {
                return Err(Refusal::Large);
            }
            held.grow(body.len() + data.len(), declared, packed).await?;
            if body.is_empty() {
                body.reserve_exact(declared.unwrap_or(0).max(data.len()));
            }
            body.extend_from_slice(&data);
        }
        held.settle(body.len(), packed).await?;
        Ok((read, body))
    }

    async fn judge(&self, body: &[u8], parts: &Parts, read: Read, held: &mut Held<'_>) -> Result<Judged, Refusal> {
        let shared = &self.hall.shared;
        let listen = &shared.settings.listen[self.peer.listener];
        let limit = shared.settings.limits.message_bytes;
        let rules = listen.rules.get();
        let work = |limit: usize| match read {
            Read::Plain(coding, said) => {
                judge(body, About { coding, said, path: parts.uri.path(), limit }, &rules.redactor)
            }
            Read::Grpc(coding, message) => grpc::judge(body, message, coding, limit, &rules.redactor),
        };
        let mut judged = off(held.plain().max(body.len()), || work(held.plain().min(limit)));
        if judged.as_ref().err() == Some(&Refusal::Inflated) && !held.is_large() {
            // There was room for less than may be.
            held.grow_large().await?;
            judged = off(limit, || work(limit));
        }
        let judged = judged?;
        self.count(body.len(), &judged, &rules);
        Ok(judged)
    }

    fn count(&self, wire: usize, judged: &Judged, rules: &Rules) {
        let shared = &self.hall.shared;
        let name = &shared.settings.listen[self.peer.listener].name;
        shared.numbers.http.body(name, wire, judged.plain, judged.body.is_some());
        let mut tally = judged.tally.clone();
        let (records, over) = (tally.records, tally.records_over_limit);
        // What was judged was no longer what was received.
        tally.bytes_in = wire as u64;
        let done = Done { tally, records, over, ..Done::default() };
        shared.numbers.listen[self.peer.listener].add(&done, &rules.redactor);
    }
}

/// How a request's body is to be read.
fn read(parts: &Parts, listen: &Listen) -> Result<Read, Refusal> {
    let path = parts.uri.path();
    if parts.method == Method::CONNECT {
        return Err(Refusal::Connect);
    }
    if parts.headers.contains_key(UPGRADE) && parts.headers.get(UPGRADE).is_none_or(|v| v != "h2c") {
        return Err(Refusal::Upgrade);
    }
    let terms = listen.http.as_ref();
    if terms.is_some_and(|terms| !terms.takes(path)) {
        return Err(Refusal::Path);
    }
    if head::is_grpc(&parts.headers) {
        let coding = head::coding(&parts.headers, "grpc-encoding")?;
        return of_method(path).map(|message| Read::Grpc(coding, message)).ok_or(Refusal::Method);
    }
    let said = match terms.and_then(|terms| terms.formats.get(path)) {
        Some(said) => *said,
        None => head::said(&parts.headers)?,
    };
    Ok(Read::Plain(head::coding(&parts.headers, "content-encoding")?, said))
}

/// Reads what a sender that is refused still sends, for a while.
async fn hear(incoming: &mut Incoming) {
    let all = async {
        let mut read = 0;
        while let Some(Ok(frame)) = incoming.frame().await {
            read += frame.data_ref().map_or(0, Bytes::len);
            if read > HEAR_BYTES {
                return;
            }
        }
    };
    let _ = timeout(HEAR, all).await;
}
