/*
 * logveil: takes passwords, tokens, private keys and card numbers out of logs.
 *
 * Handles are NULL or come from this library. Bytes that go in are as many as the number beside them says and are not kept.
 * What is written to is yours and has room for what the comment says; NULL with a room of 0 asks how much is needed. Whatever
 * is below 0 is an error, and then nothing may leave.
 */

#ifndef LOGVEIL_H
#define LOGVEIL_H

/* Written by cbindgen from src. */

#include <stddef.h>
#include <stdint.h>

// Nothing was masked: the input is the answer, and nothing was written. Of functions that mask nothing: done.
#define LOGVEIL_CLEAN 0

// Something was masked, and written.
#define LOGVEIL_MASKED 1

// There is more than fits.
#define LOGVEIL_MORE 2

// A pointer is NULL that must not be, or a length is over PTRDIFF_MAX.
#define LOGVEIL_EARG -1

// The library is at fault, in this call or an earlier one with the same handle, which answers no more.
#define LOGVEIL_EPANIC -2

// Another thread is in the same stream.
#define LOGVEIL_EBUSY -3

// Why there is no redactor.
typedef struct logveil_error logveil_error;

// A log whose records come one by one, from any thread: what a record leaves open (a key block that is logged line by line)
// is asked in the next.
typedef struct logveil_records logveil_records;

// Rules and masks. Any number of threads may use one at the same time.
typedef struct logveil_redactor logveil_redactor;

// Bytes that come in pieces. One thread at a time.
typedef struct logveil_stream logveil_stream;

// The place of a secret.
typedef struct {
  // Offset of its first byte.
  size_t start;
  // Offset of the first byte behind it.
  size_t end;
  // The name of its rule, which lives as long as the redactor.
  const char *rule;
} logveil_finding;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The number of this interface: that of `liblogveil.so.N`. Whoever loads the library by hand asks it first.
uint32_t logveil_abi_version(void);

// The version of the library, such as "0.1.0".
const char *logveil_version(void);

// The built-in rules with their default masks. NULL only if the library is at fault. The first call takes some milliseconds.
logveil_redactor *logveil_builtin(void);

// Rules and masks as `config` says: the keys of logveil.toml. NULL if it is refused; then `err`, unless it is NULL, says why
// and is to be freed.
logveil_redactor *logveil_from_toml(const uint8_t *config,
                                    size_t n,
                                    logveil_error **err);

// Masks one text. CLEAN: it holds no secret, nothing is written. MASKED: `out` holds `*need` bytes. MORE: `cap` is too small,
// `*need` says how many bytes there are, nothing is written. `out` may be `in`; `need` may be NULL.
int32_t logveil_redact(const logveil_redactor *redactor,
                       const uint8_t *in,
                       size_t n,
                       uint8_t *out,
                       size_t cap,
                       size_t *need);

// The answer that this thread's last logveil_redact or logveil_record had no room for: MASKED, or MORE again. EARG if there
// is none.
int32_t logveil_again(uint8_t *out,
                      size_t cap,
                      size_t *need);

// Where the secrets of a text are. CLEAN: `*count` is 0. MASKED: `out` holds `*count` of them. MORE: `cap` is too small, and
// nothing is written but `*count`.
int32_t logveil_findings(const logveil_redactor *redactor,
                         const uint8_t *in,
                         size_t n,
                         logveil_finding *out,
                         size_t cap,
                         size_t *count);

// A log whose records come one by one. NULL if the redactor is. It may outlive the redactor.
logveil_records *logveil_records_new(const logveil_redactor *redactor);

// Like logveil_redact for the next record of a log, a whole one; any number of threads at the same time. The record is taken
// whatever is answered: behind MORE ask logveil_again, not for the same record.
int32_t logveil_record(const logveil_records *records,
                       const uint8_t *in,
                       size_t n,
                       uint8_t *out,
                       size_t cap,
                       size_t *need);

// A stream at its beginning. NULL if the redactor is. It may outlive the redactor.
logveil_stream *logveil_stream_new(const logveil_redactor *redactor);

// Takes the next bytes; `*ready`, unless it is NULL, says how many may be taken out by logveil_take.
int32_t logveil_push(const logveil_stream *stream, const uint8_t *in, size_t n, size_t *ready);

// Ends a record that no newline ends: for records that come as frames.
int32_t logveil_end_record(const logveil_stream *stream, size_t *ready);

// Ends the stream, which is at its beginning again: its last line may be taken, newline or not.
int32_t logveil_finish(const logveil_stream *stream, size_t *ready);

// Writes at most `cap` bytes that may leave to `out`, `*wrote` in number. MORE if some are left, else CLEAN.
int32_t logveil_take(const logveil_stream *stream, uint8_t *out, size_t cap, size_t *wrote);

// Overwrites what this thread remembers of its input: for a thread that goes idle for long.
void logveil_forget(void);

// Why there is no redactor: a text that lives as long as the error, and holds nothing of a log. "" for NULL.
const char *logveil_error_message(const logveil_error *err);

// Frees a redactor; what was made of it lives on. NULL is fine.
void logveil_redactor_free(logveil_redactor *redactor);

// Frees records. NULL is fine.
void logveil_records_free(logveil_records *records);

// Frees a stream: bytes that were not taken are lost, what it held is overwritten. NULL is fine.
void logveil_stream_free(logveil_stream *stream);

// Frees an error. NULL is fine.
void logveil_error_free(logveil_error *err);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* LOGVEIL_H */
