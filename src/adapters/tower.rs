//! `tower`: a layer that keeps secrets in headers out of whatever logs them further in or out.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::http::mark_sensitive;
use crate::engine::redactor::Redactor;

/// Marks the headers of requests and responses that hold a secret as sensitive, so that no layer within (and, for
/// responses, without) shows them: `Debug` of a header map, tower-http's `TraceLayer`, hyper and h2.
///
/// It stands outside of the layers that log. Their spans hold the address, too: let them make it of a
/// [`RedactedRequest`](super::http::RedactedRequest).
///
/// ```
/// use http::{Request, Response};
/// use logveil::adapters::tower::MarkSensitiveLayer;
/// use tower_layer::Layer;
///
/// # struct Inner;
/// let service = MarkSensitiveLayer::new(&logveil::Redactor::builtin()).layer(Inner);
/// ```
#[derive(Debug, Clone)]
pub struct MarkSensitiveLayer {
    redactor: Redactor,
}

impl MarkSensitiveLayer {
    /// Marks what these rules find.
    pub fn new(redactor: &Redactor) -> Self {
        MarkSensitiveLayer { redactor: redactor.clone() }
    }
}

impl<S> Layer<S> for MarkSensitiveLayer {
    type Service = MarkSensitive<S>;

    fn layer(&self, inner: S) -> MarkSensitive<S> {
        MarkSensitive { redactor: self.redactor.clone(), inner }
    }
}

/// The service of [`MarkSensitiveLayer`].
#[derive(Debug, Clone)]
pub struct MarkSensitive<S> {
    redactor: Redactor,
    inner: S,
}

impl<S, B, C> Service<Request<B>> for MarkSensitive<S>
where
    S: Service<Request<B>, Response = Response<C>>,
{
    type Response = Response<C>;
    type Error = S::Error;
    type Future = MarkSensitiveFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        mark_sensitive(&self.redactor, request.headers_mut());
        MarkSensitiveFuture { redactor: self.redactor.clone(), inner: Box::pin(self.inner.call(request)) }
    }
}

/// The response of [`MarkSensitive`].
#[derive(Debug)]
pub struct MarkSensitiveFuture<F> {
    redactor: Redactor,
    inner: Pin<Box<F>>,
}

impl<F, C, E> Future for MarkSensitiveFuture<F>
where
    F: Future<Output = Result<Response<C>, E>>,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut response = ready!(self.inner.as_mut().poll(cx))?;
        mark_sensitive(&self.redactor, response.headers_mut());
        Poll::Ready(Ok(response))
    }
}
