// Package logveil takes passwords, tokens, private keys and payment-card numbers out of logs; everything else stays as it
// is. It calls the C library, which pkg-config has to find.
package logveil

/*
#cgo pkg-config: logveil
#cgo noescape lv_redact
#cgo nocallback lv_redact
#cgo noescape lv_record
#cgo nocallback lv_record
#include <stdlib.h>
#include <logveil.h>

// What there is no room for is fetched in the same call: the next one may be another thread's.
static uint8_t *lv_again(int32_t *code, size_t *need) {
	uint8_t *all = malloc(*need);
	if (all != NULL) *code = logveil_again(all, *need, need);
	return all;
}

static int32_t lv_redact(const logveil_redactor *r, const uint8_t *in, size_t n, uint8_t *out, size_t cap, size_t *need, uint8_t **more) {
	int32_t code = logveil_redact(r, in, n, out, cap, need);
	if (code == LOGVEIL_MORE) *more = lv_again(&code, need);
	return code;
}

static int32_t lv_record(const logveil_records *r, const uint8_t *in, size_t n, uint8_t *out, size_t cap, size_t *need, uint8_t **more) {
	int32_t code = logveil_record(r, in, n, out, cap, need);
	if (code == LOGVEIL_MORE) *more = lv_again(&code, need);
	return code;
}
*/
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"unsafe"
)

// Unjudged stands in place of what could not be judged.
const Unjudged = "[REDACTED:unjudged]"

// ErrFault says that the library is at fault. What it was asked for was not judged: send nothing of it.
var ErrFault = errors.New("logveil: the library is at fault")

// Redactor is a choice of rules and masks. Any number of goroutines may use one.
type Redactor struct{ handle *C.logveil_redactor }

// Builtin has the built-in rules with their default masks.
func Builtin() *Redactor { return own(C.logveil_builtin()) }

// FromTOML has the rules and masks that a text says: the keys of logveil.toml. The error names what is wrong, never a value.
func FromTOML(config string) (*Redactor, error) {
	var failed *C.logveil_error
	handle := C.logveil_from_toml(start(config), C.size_t(len(config)), &failed)
	if handle == nil {
		defer C.logveil_error_free(failed)
		return nil, fmt.Errorf("logveil: %s", C.GoString(C.logveil_error_message(failed)))
	}
	return own(handle), nil
}

func own(handle *C.logveil_redactor) *Redactor {
	r := &Redactor{handle}
	runtime.AddCleanup(r, func(h *C.logveil_redactor) { C.logveil_redactor_free(h) }, handle)
	return r
}

// room is memory of a call. What is masked is mostly as long as it was.
type room struct {
	out  []byte
	need C.size_t
	more *C.uint8_t
}

const keptBytes = 64 << 10

var rooms = sync.Pool{New: func() any { return &room{out: make([]byte, 4<<10)} }}

func start[T string | []byte](text T) *C.uint8_t {
	if len(text) == 0 {
		return nil
	}
	return (*C.uint8_t)(unsafe.Pointer(unsafe.StringData(*(*string)(unsafe.Pointer(&text)))))
}

// masked calls f with room for the answer and gives what it answered to use, if anything was masked.
func masked(n int, f func(*room) C.int32_t, use func([]byte)) (bool, error) {
	r := rooms.Get().(*room)
	if n+256 > len(r.out) {
		r.out = make([]byte, n+n/4+256)
	}
	r.more = nil
	code := f(r)
	switch {
	case r.more != nil:
		if code == C.LOGVEIL_MASKED {
			use(unsafe.Slice((*byte)(unsafe.Pointer(r.more)), int(r.need)))
		}
		C.free(unsafe.Pointer(r.more))
		r.more = nil
	case code == C.LOGVEIL_MASKED:
		use(r.out[:r.need])
	}
	if len(r.out) <= keptBytes {
		rooms.Put(r)
	}
	if code != C.LOGVEIL_CLEAN && code != C.LOGVEIL_MASKED {
		return true, ErrFault
	}
	return code == C.LOGVEIL_MASKED, nil
}

func (r *Redactor) call(in *C.uint8_t, n int) func(*room) C.int32_t {
	return func(m *room) C.int32_t {
		return C.lv_redact(r.handle, in, C.size_t(n), (*C.uint8_t)(&m.out[0]), C.size_t(len(m.out)), &m.need, &m.more)
	}
}

// Redact is the text with its secrets masked; the same string, and nothing allocated, if it holds none. What could not be
// judged is Unjudged.
func (r *Redactor) Redact(text string) string {
	answer := text
	_, err := masked(len(text), r.call(start(text), len(text)), func(out []byte) { answer = string(out) })
	runtime.KeepAlive(r)
	if err != nil {
		return Unjudged
	}
	return answer
}

// AppendRedacted appends the masked text to dst and says whether it holds a secret; if not, nothing is appended: the text
// itself is the answer.
func (r *Redactor) AppendRedacted(dst, text []byte) ([]byte, bool, error) {
	found, err := masked(len(text), r.call(start(text), len(text)), func(out []byte) { dst = append(dst, out...) })
	runtime.KeepAlive(r)
	return dst, found, err
}

// Finding is the place of a secret and the rule that says so; never the secret.
type Finding struct {
	Start, End int
	Rule       string
}

// Findings says where the secrets are.
func (r *Redactor) Findings(text string) ([]Finding, error) {
	places := make([]C.logveil_finding, 16)
	for {
		var count C.size_t
		code := C.logveil_findings(r.handle, start(text), C.size_t(len(text)), &places[0], C.size_t(len(places)), &count)
		if code == C.LOGVEIL_MORE {
			places = make([]C.logveil_finding, count)
			continue
		}
		if code != C.LOGVEIL_CLEAN && code != C.LOGVEIL_MASKED {
			return nil, ErrFault
		}
		all := make([]Finding, count)
		for i := range all {
			all[i] = Finding{int(places[i].start), int(places[i].end), C.GoString(places[i].rule)}
		}
		runtime.KeepAlive(r)
		return all, nil
	}
}

// Records are those of one log, whole and one by one, from any goroutine: what a record leaves open, such as a key block
// that is logged line by line, is asked in the next.
type Records struct{ handle *C.logveil_records }

// Records begins a log.
func (r *Redactor) Records() *Records {
	log := &Records{C.logveil_records_new(r.handle)}
	runtime.KeepAlive(r)
	runtime.AddCleanup(log, func(h *C.logveil_records) { C.logveil_records_free(h) }, log.handle)
	return log
}

// AppendRedacted does for the next record what [Redactor.AppendRedacted] does for a text.
func (l *Records) AppendRedacted(dst, record []byte) ([]byte, bool, error) {
	in, n := start(record), C.size_t(len(record))
	call := func(m *room) C.int32_t {
		return C.lv_record(l.handle, in, n, (*C.uint8_t)(&m.out[0]), C.size_t(len(m.out)), &m.need, &m.more)
	}
	found, err := masked(len(record), call, func(out []byte) { dst = append(dst, out...) })
	runtime.KeepAlive(l)
	return dst, found, err
}
