// SPDX-License-Identifier: GPL-3.0-or-later
#include "fuzz/targets.h"

#include "storage/case/case_file.h"
#include "storage/custody/verify.h"
#include "storage/evidence/round_log.h"
#include "storage/evidence/snapshot_file.h"

#include <sys/mman.h>
#include <unistd.h>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace fedsleuth::fuzz {

namespace {

/// The bytes as a file that lives in memory alone.
class MemoryFile {
public:
    explicit MemoryFile(std::span<const std::uint8_t> bytes) : descriptor_(memfd_create("fuzz", MFD_CLOEXEC))
    {
        std::size_t done = 0;
        while (done < bytes.size()) {
            const ssize_t put = ::write(descriptor_, bytes.data() + done, bytes.size() - done);
            if (put <= 0) std::abort();
            done += static_cast<std::size_t>(put);
        }
    }
    ~MemoryFile() { ::close(descriptor_); }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    [[nodiscard]] std::filesystem::path path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

private:
    int descriptor_;
};

/// Limits that keep one run short; the readers are to keep whatever limits they are given.
storage::Limits tight_limits()
{
    storage::Limits limits;
    limits.log_line_bytes = 1 << 20;
    limits.inflated_bytes = 16 << 20;
    limits.elements = 1 << 22;
    limits.expanded_elements = 1 << 18;
    limits.integer_elements = 1 << 18;
    limits.pickle_opcodes = 100'000;
    limits.pickle_values = 100'000;
    return limits;
}

}  // namespace

void log(std::span<const std::uint8_t> bytes)
{
    const MemoryFile file(bytes);
    model::Progress progress;
    const auto log = storage::read_round_log(file.path(), tight_limits(), progress);
    if (!log) return;
    must(log->whole_bytes <= static_cast<std::int64_t>(bytes.size()), "a log is no longer than its file");
    for (const auto& update : log->updates)
        must(update.line >= 1 && update.line <= log->lines, "a line lies in the log");
}

void snapshot(std::span<const std::uint8_t> bytes)
{
    const MemoryFile file(bytes);
    const auto opened = storage::open_snapshot(file.path(), tight_limits());
    if (!opened) return;
    std::vector<float> block(4096);
    for (std::size_t tensor_idx = 0; tensor_idx < std::min<std::size_t>((*opened)->tensors().size(), 64);
         ++tensor_idx) {
        const model::TensorInfo& tensor = (*opened)->tensors()[tensor_idx];
        must(tensor.count >= 0, "a tensor holds no less than nothing");
        const std::int64_t count = std::min<std::int64_t>(tensor.count, static_cast<std::int64_t>(block.size()));
        if (!model::is_float(tensor.type)) {
            const auto integers = (*opened)->integers(tensor_idx);
            must(!integers || static_cast<std::int64_t>(integers->size()) == tensor.count, "all integers come");
            continue;
        }
        (void)(*opened)->read(tensor_idx, 0, count, block.data());
        (void)(*opened)->read(tensor_idx, tensor.count - count, count, block.data());
    }
}

void case_file(std::span<const std::uint8_t> bytes)
{
    // SQLite wants a name of its own, for journals lie beside it.
    const std::filesystem::path path = "/dev/shm/fedsleuth-fuzz-" + std::to_string(::getpid()) + ".fedcase";
    std::ofstream(path, std::ios::binary | std::ios::trunc)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (const auto file = storage::CaseFile::open(path, storage::CaseFile::Mode::read_only)) {
        storage::CaseFile& store = **file;
        (void)store.federation();
        (void)store.clients();
        (void)store.rounds();
        (void)store.updates();
        (void)store.checkpoints();
        (void)store.evidence_files();
        (void)store.import_issues();
        (void)store.ledger(model::RoundNo{1});
        (void)store.scores(model::RoundNo{1});
        (void)store.verdicts();
        (void)store.rollback();
        (void)store.findings();
        (void)store.decisions();
        (void)store.certificate_files();
        (void)store.signature_checks();
        (void)store.submissions();
        model::Progress progress;
        (void)storage::verify_case(store, {}, progress);
    }
    std::error_code ignored;
    for (const char* suffix : {"", "-journal", "-wal", "-shm"})
        std::filesystem::remove(path.string() + suffix, ignored);
}

}  // namespace fedsleuth::fuzz
