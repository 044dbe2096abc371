// The C interface in C++17, as one would wrap it: handles that free themselves, streams that are no two threads'.
#include "logveil.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

struct Free {
    void operator()(logveil_redactor *r) const noexcept { logveil_redactor_free(r); }
    void operator()(logveil_stream *s) const noexcept { logveil_stream_free(s); }
    void operator()(logveil_records *r) const noexcept { logveil_records_free(r); }
};

const std::uint8_t *bytes(std::string_view text) { return reinterpret_cast<const std::uint8_t *>(text.data()); }

void check(bool yes, const char *what) {
    if (!yes) {
        std::fprintf(stderr, "C++: %s\n", what);
        std::exit(1);
    }
}

std::string redact(const logveil_redactor *redactor, std::string_view text) {
    std::string out(text.size() + 64, '\0');
    std::size_t need = 0;
    auto room = [&] { return reinterpret_cast<std::uint8_t *>(out.data()); };
    std::int32_t code = logveil_redact(redactor, bytes(text), text.size(), room(), out.size(), &need);
    while (code == LOGVEIL_MORE) {
        out.resize(need);
        code = logveil_again(room(), out.size(), &need);
    }
    if (code == LOGVEIL_CLEAN) return std::string(text);
    check(code == LOGVEIL_MASKED, "redact");
    out.resize(need);
    return out;
}

}  // namespace

int main() {
    const std::unique_ptr<logveil_redactor, Free> redactor(logveil_builtin());
    check(redactor != nullptr, "builtin");
    check(redact(redactor.get(), "password=hunter2") == "password=[REDACTED:password]", "a secret");
    check(redact(redactor.get(), "user=alice") == "user=alice", "none");
    std::string many, masked;
    for (int i = 0; i < 50; i++) {
        many += "pin=4711\n";
        masked += redact(redactor.get(), "pin=4711") + "\n";
    }
    check(redact(redactor.get(), many) == masked, "more than fits");

    const std::unique_ptr<logveil_stream, Free> stream(logveil_stream_new(redactor.get()));
    std::atomic<int> refused{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 2; t++) {
        threads.emplace_back([&] {
            for (int i = 0; i < 5000; i++) {
                const std::int32_t code = logveil_push(stream.get(), bytes("a line\n"), 7, nullptr);
                check(code == LOGVEIL_CLEAN || code == LOGVEIL_EBUSY, "two threads in a stream");
                refused += code == LOGVEIL_EBUSY;
            }
        });
    }
    for (auto &thread : threads) thread.join();
    std::size_t ready = 0;
    check(logveil_finish(stream.get(), &ready) == LOGVEIL_CLEAN, "finish");
    check(ready == 7u * (10000u - static_cast<unsigned>(refused.load())), "nothing is lost or torn");
    std::puts("C++: ok");
    return 0;
}
