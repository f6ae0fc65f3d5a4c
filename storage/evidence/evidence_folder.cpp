// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence/evidence_folder.h"

#include "storage/evidence/evidence_text.h"

#include <algorithm>
#include <system_error>

namespace fedsleuth::storage {

namespace fs = std::filesystem;
using model::ErrorCode;
using model::fail;
using model::Result;

namespace {

constexpr std::size_t longest_path = 4096;

/// Whether `inside` is `root` or lies under it; both are canonical.
bool lies_under(const fs::path& root, const fs::path& inside)
{
    const auto [at_root, at_inside] = std::mismatch(root.begin(), root.end(), inside.begin(), inside.end());
    (void)at_inside;
    return at_root == root.end();
}

Result<void> check_text(std::string_view relative, const std::string& where)
{
    if (relative.empty()) return refused("refused: an empty path", where);
    if (relative.size() > longest_path)
        return refused("refused: a path of " + std::to_string(relative.size()) + " bytes", where);
    if (relative.find('\0') != std::string_view::npos) return refused("refused: a path with a NUL byte", where);
    if (relative.find('\\') != std::string_view::npos)
        return refused("refused: a path with a backslash", where, "paths in the log are written with \"/\"");
    if (relative.front() == '/')
        return refused("refused: an absolute path", where, "paths in the log are relative to the evidence folder");
    for (const fs::path& part : fs::path(relative))
        if (part == "..") return refused("refused: a path with \"..\"", where);
    return {};
}

}  // namespace

Result<EvidenceFolder> EvidenceFolder::open(const fs::path& folder)
{
    std::error_code error;
    const fs::path root = fs::canonical(folder, error);
    const std::string where = model::visible(folder.string());
    if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory)
        return fail(ErrorCode::not_found, "there is no such folder", where);
    if (error) return fail(ErrorCode::io, "cannot be opened: " + error.message(), where);
    const bool is_folder = fs::is_directory(root, error);
    if (error) return fail(ErrorCode::io, "cannot be examined: " + error.message(), where);
    if (!is_folder)
        return fail(ErrorCode::not_found, "is a file, not a folder", where,
                    "an evidence folder holds federation.jsonl, updates/ and checkpoints/");
    return EvidenceFolder(root);
}

Result<fs::path> EvidenceFolder::resolve(std::string_view relative) const
{
    const std::string where = in_quotes(relative);
    FEDSLEUTH_CHECK(check_text(relative, where));
    std::error_code error;
    const fs::path path = fs::canonical(root_ / fs::path(relative), error);
    if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory)
        return fail(ErrorCode::not_found, "there is no such file in the evidence folder", where);
    if (error == std::errc::too_many_symbolic_link_levels)
        return refused("refused: a link that leads to itself", where);
    if (error) return fail(ErrorCode::io, "cannot be resolved: " + error.message(), where);
    if (!lies_under(root_, path)) return refused("refused: a link that leads out of the evidence folder", where);
    const fs::file_status status = fs::status(path, error);
    if (error) return fail(ErrorCode::io, "cannot be examined: " + error.message(), where);
    if (!fs::is_regular_file(status)) return refused("refused: not a regular file", where);
    return path;
}

}  // namespace fedsleuth::storage
