package logveil

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
)

// Handler masks records before another handler gets them. Where all that a handler does is to write text, a [Writer] behind
// it costs less and sees all of it: slog.NewJSONHandler(logveil.NewWriter(os.Stdout, nil), nil).
type Handler struct {
	inner    slog.Handler
	redactor *Redactor
	log      *Records
}

// NewHandler wraps a handler. Without a redactor it has the built-in rules.
func NewHandler(inner slog.Handler, r *Redactor) *Handler {
	if r == nil {
		r = Builtin()
	}
	return &Handler{inner, r, r.Records()}
}

// Enabled says what the inner handler says.
func (h *Handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.inner.Enabled(ctx, level)
}

// Handle masks message and attributes. A record without secrets is handed on as it is.
func (h *Handler) Handle(ctx context.Context, record slog.Record) error {
	message := h.message(record.Message)
	attrs := make([]slog.Attr, 0, record.NumAttrs())
	record.Attrs(func(attr slog.Attr) bool {
		attrs = append(attrs, attr)
		return true
	})
	masked, found := h.attrs(attrs)
	if !found && message == record.Message {
		return h.inner.Handle(ctx, record)
	}
	out := slog.NewRecord(record.Time, record.Level, message, record.PC)
	out.AddAttrs(masked...)
	return h.inner.Handle(ctx, out)
}

// WithAttrs masks attributes once, for all records to come.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	masked, _ := h.attrs(attrs)
	return &Handler{h.inner.WithAttrs(masked), h.redactor, h.log}
}

// WithGroup opens a group.
func (h *Handler) WithGroup(name string) slog.Handler {
	return &Handler{h.inner.WithGroup(name), h.redactor, h.log}
}

func (h *Handler) message(text string) string {
	out, found, err := h.log.AppendRedacted(nil, []byte(text))
	switch {
	case err != nil:
		return Unjudged
	case found:
		return string(out)
	}
	return text
}

// attrs masks values by the keys they stand behind: all of them as one object of JSON, where keys and values are told apart.
func (h *Handler) attrs(attrs []slog.Attr) ([]slog.Attr, bool) {
	if len(attrs) == 0 {
		return attrs, false
	}
	line := object(nil, attrs)
	out, found, err := h.redactor.AppendRedacted(nil, line)
	if !found && err == nil {
		return attrs, false
	}
	return adopted(attrs, line, out), true
}

// object writes attributes in their order.
func object(line []byte, attrs []slog.Attr) []byte {
	line = append(line, '{')
	for i, attr := range attrs {
		if i > 0 {
			line = append(line, ',')
		}
		line = append(encoded(line, attr.Key), ':')
		value := attr.Value.Resolve()
		switch value.Kind() {
		case slog.KindGroup:
			line = object(line, value.Group())
		case slog.KindString:
			line = encoded(line, value.String())
		case slog.KindAny:
			line = encoded(line, shown(value.Any()))
		default:
			line = encoded(line, value.Any())
		}
	}
	return append(line, '}')
}

// shown is what a handler would print: of an error its text, not its fields.
func shown(value any) any {
	if err, is := value.(error); is && err != nil {
		return err.Error()
	}
	return value
}

// encoded appends a value as JSON, or what it prints where JSON cannot say it.
func encoded(line []byte, value any) []byte {
	var out bytes.Buffer
	to := json.NewEncoder(&out)
	to.SetEscapeHTML(false)
	if to.Encode(value) != nil {
		out.Reset()
		_ = to.Encode(fmt.Sprint(value)) // a string has no error
	}
	return append(line, bytes.TrimSuffix(out.Bytes(), []byte("\n"))...)
}

// adopted is the attributes with what differs between a line and what was left of it taken over.
func adopted(attrs []slog.Attr, line, left []byte) []slog.Attr {
	before, first := members(line)
	after, second := members(left)
	whole := first && second && len(before) == len(attrs) && len(after) == len(attrs)
	out := make([]slog.Attr, len(attrs))
	for i, attr := range attrs {
		switch {
		case !whole:
			// It is longer than a record, or became something else: nothing of it leaves.
			out[i] = slog.String("", Unjudged)
		case bytes.Equal(before[i].value, after[i].value):
			out[i] = slog.Attr{Key: after[i].key, Value: attr.Value}
		case attr.Value.Resolve().Kind() == slog.KindGroup:
			inner := adopted(attr.Value.Resolve().Group(), before[i].value, after[i].value)
			out[i] = slog.Attr{Key: after[i].key, Value: slog.GroupValue(inner...)}
		default:
			var value any
			if json.Unmarshal(after[i].value, &value) != nil {
				value = Unjudged
			}
			out[i] = slog.Any(after[i].key, value)
		}
	}
	return out
}

type pair struct {
	key   string
	value json.RawMessage
}

// members reads an object in its order.
func members(line []byte) (all []pair, ok bool) {
	from := json.NewDecoder(bytes.NewReader(line))
	if open, err := from.Token(); err != nil || open != json.Delim('{') {
		return nil, false
	}
	for from.More() {
		key, err := from.Token()
		name, is := key.(string)
		var value json.RawMessage
		if err != nil || !is || from.Decode(&value) != nil {
			return nil, false
		}
		all = append(all, pair{name, value})
	}
	return all, true
}
