package logveil

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

const (
	secret = "hunter2Tr0ub4dor"
	line   = "login password=" + secret + " ok"
	clean  = "2026-11-28T10:15:30.123Z INFO  request served method=GET path=/api/v1/items status=200 took=12ms user=alice"
)

func data(t *testing.T, name string) []byte {
	folder := os.Getenv("LOGVEIL_VECTORS")
	if folder == "" {
		t.Skip("LOGVEIL_VECTORS names no folder: cargo test --test it they_are_written writes one")
	}
	all, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestVectors(t *testing.T) {
	var file struct {
		Cases []struct{ Name, Input, Output string }
	}
	if err := json.Unmarshal(data(t, "vectors.json"), &file); err != nil {
		t.Fatal(err)
	}
	r, count := Builtin(), 0
	for _, c := range file.Cases {
		in, _ := hex.DecodeString(c.Input)
		want, _ := hex.DecodeString(c.Output)
		if r.Redact(string(in)) != string(want) {
			t.Errorf("%s: a call", c.Name) // no text in a message: it may be a secret
		}
		var out bytes.Buffer
		w := NewWriter(&out, r)
		for at := 0; at < len(in); at += 7 {
			if _, err := w.Write(in[at:min(at+7, len(in))]); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil || !bytes.Equal(out.Bytes(), want) {
			t.Errorf("%s: a writer: %v", c.Name, err)
		}
		count++
	}
	if count < 500 {
		t.Errorf("vectors are missing: %d", count)
	}
}

func TestDrawnLines(t *testing.T) {
	before, after := bytes.Split(data(t, "drawn.in"), []byte("\n")), bytes.Split(data(t, "drawn.out"), []byte("\n"))
	if len(before) != len(after) || len(before) < 1000 {
		t.Fatal("lines are missing")
	}
	r := Builtin()
	var out []byte
	for i, text := range before {
		got, found, err := r.AppendRedacted(out[:0], text)
		if !found {
			got = text
		}
		if err != nil || !bytes.Equal(got, after[i]) {
			t.Errorf("line %d: %v", i+1, err)
		}
		out = got[:0:0]
	}
}

func TestCalls(t *testing.T) {
	r := Builtin()
	if got := r.Redact(line); got != "login password=[REDACTED:password] ok" {
		t.Error("a secret")
	}
	if r.Redact("") != "" || r.Redact(clean) != clean {
		t.Error("none")
	}
	many, want := strings.Repeat("pin=4711\n", 3000), strings.Repeat(r.Redact("pin=4711")+"\n", 3000)
	if r.Redact(many) != want {
		t.Error("more than there is room for")
	}
	found, err := r.Findings(strings.Repeat(line+"\n", 40))
	if err != nil || len(found) != 40 || found[0] != (Finding{15, 15 + len(secret), "password"}) {
		t.Error("findings", err, len(found))
	}
	if n := testing.AllocsPerRun(1000, func() { r.Redact(clean) }); n > 0 {
		t.Errorf("a clean line allocates %v times", n)
	}
}

func TestFromTOML(t *testing.T) {
	r, err := FromTOML("mask = ['stars']")
	if err != nil || r.Redact("password=hunter2") != "password=*******" {
		t.Error(err)
	}
	if _, err := FromTOML("only = ['nobody']"); err == nil || !strings.Contains(err.Error(), "`nobody`") {
		t.Error(err)
	}
}

func TestGoroutines(t *testing.T) {
	r, log := Builtin(), Builtin().Records()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 2000 {
				out, found, err := log.AppendRedacted(nil, []byte(line))
				if r.Redact(line) != string(out) || !found || err != nil {
					t.Error("another answer")
				}
			}
		})
	}
	all.Wait()
}

type failing struct {
	bytes.Buffer
	fails bool
}

func (f *failing) Write(p []byte) (int, error) {
	if len(p) == 0 {
		panic("an empty write")
	}
	if f.fails {
		f.Buffer.Write(p[:1])
		return 1, errors.New("on purpose")
	}
	return f.Buffer.Write(p)
}

func TestAWriterThatFailsLosesNothing(t *testing.T) {
	var out failing
	w := NewWriter(&out, nil)
	out.fails = true
	if n, err := io.WriteString(w, line+"\n"); n != len(line)+1 || err == nil {
		t.Error("it took the line and must say what failed", n, err)
	}
	if n, err := io.WriteString(w, "x"); n != 0 || err == nil {
		t.Error("it took what it cannot keep", n)
	}
	out.fails = false
	if _, err := io.WriteString(w, "end"); err != nil {
		t.Error(err)
	}
	if err := w.Close(); err != nil || out.String() != "login password=[REDACTED:password] ok\nend" {
		t.Error("lost or torn", err, out.Len())
	}
}

type login struct{ User, Password string }

func TestSlog(t *testing.T) {
	for name, made := range map[string]func(io.Writer) slog.Handler{
		"handler": func(w io.Writer) slog.Handler { return NewHandler(slog.NewJSONHandler(w, nil), nil) },
		"writer":  func(w io.Writer) slog.Handler { return slog.NewJSONHandler(NewWriter(w, nil), nil) },
		"text":    func(w io.Writer) slog.Handler { return NewHandler(slog.NewTextHandler(w, nil), nil) },
	} {
		var out bytes.Buffer
		log := slog.New(made(&out)).With("token", secret).WithGroup("request")
		log.Info(line, "n", 7, "password", secret, slog.Group("db", "user", "bob", "password", secret))
		log.Error("failed", "error", errors.New("postgres://bob:"+secret+"@db/app"), "login", login{"bob", secret})
		log.Info("clean", "n", 7, "f", func() {})
		if strings.Contains(out.String(), secret) || strings.Count(out.String(), "\n") != 3 {
			t.Error(name, "leaks")
		}
		if !strings.Contains(out.String(), "bob") || strings.Contains(out.String(), Unjudged) {
			t.Error(name, "masks too much")
		}
	}
}

func TestAKeyThatIsLoggedLineByLine(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(NewHandler(slog.NewTextHandler(&out, nil), nil))
	body := "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7"
	for _, text := range []string{"-----BEGIN RSA PRIVATE" + " KEY-----", body, body, "-----END RSA PRIVATE" + " KEY-----"} {
		log.Info(text)
	}
	if strings.Contains(out.String(), body) {
		t.Error("a key's body leaks")
	}
}

func resident() int {
	runtime.GC()
	text, _ := os.ReadFile("/proc/self/statm")
	var pages int
	for _, c := range strings.Fields(string(text))[1] {
		pages = pages*10 + int(c-'0')
	}
	return pages * os.Getpagesize() / 1024
}

func TestMemoryIsFlat(t *testing.T) {
	if testing.Short() {
		t.Skip("a million calls")
	}
	r := Builtin()
	calls := func(n int) {
		for range n {
			r.Redact(clean)
			r.Redact(line)
		}
	}
	calls(20_000)
	before := resident()
	calls(480_000)
	if grown := resident() - before; grown > 8<<10 {
		t.Errorf("%d KiB more", grown)
	}
}

func BenchmarkClean(b *testing.B) {
	r := Builtin()
	for b.Loop() {
		r.Redact(clean)
	}
}

func BenchmarkSecret(b *testing.B) {
	r := Builtin()
	for b.Loop() {
		r.Redact(line)
	}
}

func BenchmarkWriter(b *testing.B) {
	w, block := NewWriter(io.Discard, nil), []byte(strings.Repeat(clean+"\n", 600))
	b.SetBytes(int64(len(block)))
	for b.Loop() {
		_, _ = w.Write(block)
	}
}

func benchSlog(b *testing.B, handler slog.Handler) {
	log := slog.New(handler)
	for b.Loop() {
		log.Info("request served", "method", "GET", "path", "/api/v1/items", "status", 200, "user", "alice")
	}
}

func BenchmarkSlogPlain(b *testing.B) { benchSlog(b, slog.NewJSONHandler(io.Discard, nil)) }
func BenchmarkSlogWriter(b *testing.B) {
	benchSlog(b, slog.NewJSONHandler(NewWriter(io.Discard, nil), nil))
}
func BenchmarkSlogHandler(b *testing.B) {
	benchSlog(b, NewHandler(slog.NewJSONHandler(io.Discard, nil), nil))
}
