package logveil

// #include <logveil.h>
import "C"

import (
	"io"
	"runtime"
	"sync"
)

// Writer masks what is written and hands it on, whole lines with the write that completes them; the last one goes with
// Close. Any number of goroutines may write.
type Writer struct {
	mutex  sync.Mutex
	inner  io.Writer
	handle *C.logveil_stream
	out    []byte
	// What the inner writer did not take.
	rest []byte
}

// NewWriter puts a stream in front of inner. Without a redactor it has the built-in rules.
func NewWriter(inner io.Writer, r *Redactor) *Writer {
	if r == nil {
		r = Builtin()
	}
	w := &Writer{inner: inner, handle: C.logveil_stream_new(r.handle)}
	runtime.KeepAlive(r)
	runtime.AddCleanup(w, func(h *C.logveil_stream) { C.logveil_stream_free(h) }, w.handle)
	return w
}

// Write takes all of the bytes, or none if what an earlier one left behind still cannot be written.
func (w *Writer) Write(p []byte) (int, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if err := w.send(); err != nil {
		return 0, err
	}
	var ready C.size_t
	if C.logveil_push(w.handle, start(p), C.size_t(len(p)), &ready) != C.LOGVEIL_CLEAN {
		return 0, ErrFault
	}
	if err := w.take(int(ready)); err != nil {
		return 0, err
	}
	if err := w.send(); err != nil {
		return len(p), err
	}
	return len(p), nil
}

// Close ends the stream: the last line leaves, newline or not. The inner writer stays open.
func (w *Writer) Close() error {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	var ready C.size_t
	if C.logveil_finish(w.handle, &ready) != C.LOGVEIL_CLEAN {
		return ErrFault
	}
	if err := w.take(int(ready)); err != nil {
		return err
	}
	return w.send()
}

// take moves what may leave behind the rest.
func (w *Writer) take(ready int) error {
	if ready == 0 {
		return nil
	}
	if cap(w.out) < ready || cap(w.out) > 1<<20 && ready < 1<<16 {
		w.out = make([]byte, ready)
	}
	out, wrote := w.out[:ready], C.size_t(0)
	if C.logveil_take(w.handle, (*C.uint8_t)(&out[0]), C.size_t(ready), &wrote) != C.LOGVEIL_CLEAN {
		return ErrFault
	}
	w.rest = out[:wrote]
	return nil
}

// send hands on what waits. No empty write is made: it is an empty datagram to some.
func (w *Writer) send() error {
	for len(w.rest) > 0 {
		n, err := w.inner.Write(w.rest)
		w.rest = w.rest[min(max(n, 0), len(w.rest)):]
		if err != nil {
			return err
		}
		if n <= 0 {
			return io.ErrShortWrite
		}
	}
	runtime.KeepAlive(w)
	return nil
}
