// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/source_place.h"

#include "model/text.h"
#include "ui/session/dossier.h"
#include "ui/session/identity_words.h"

#include <algorithm>

namespace fedsleuth::ui {

namespace {

constexpr const char* log_name = "federation.jsonl";

std::optional<SourcePlace> log_line(std::int64_t line)
{
    if (line < 1) return std::nullopt;
    return SourcePlace{log_name, line};
}

/// The line of a client's update of the round; without a client, of the round's checkpoint.
std::optional<SourcePlace> line_of(const CaseData& data, model::RoundNo round,
                                   const std::optional<model::ClientId>& client)
{
    if (client) {
        const model::Update* update = find_update(data, round, *client);
        return update ? log_line(update->line) : std::nullopt;
    }
    const auto found = std::find_if(data.checkpoints.begin(), data.checkpoints.end(),
                                    [&](const model::Checkpoint& checkpoint) { return checkpoint.round == round; });
    return found != data.checkpoints.end() ? log_line(found->line) : std::nullopt;
}

}  // namespace

std::optional<SourcePlace> source_of(const CaseData& data, const model::Finding& finding)
{
    const FindingPlace place = place_of(finding);
    if (place.line > 0) return log_line(place.line);
    if (finding.round)
        if (const auto line = line_of(data, *finding.round, finding.client)) return line;
    const bool is_certificate =
        !place.path.empty() &&
        std::any_of(data.certificates.begin(), data.certificates.end(),
                    [&](const analysis::CertificateView& view) { return view.path == place.path; });
    if (is_certificate) return SourcePlace{place.path, 0};
    return std::nullopt;
}

std::optional<SourcePlace> source_of(const CaseData& data, const model::SignatureCheck& check)
{
    return line_of(data, check.round, check.client);
}

std::optional<SourcePlace> source_of(const model::ImportIssue& issue)
{
    // Of other files than the log, no line is known: those are no text.
    if (issue.line < 1 || issue.file != log_name) return std::nullopt;
    return log_line(issue.line);
}

std::optional<SourcePlace> source_of(const CaseData& data, const model::EvidenceFile& file)
{
    if (file.round) return line_of(data, *file.round, file.client);
    return SourcePlace{file.path, 0};
}

std::string place_words(const SourcePlace& place)
{
    std::string words = model::visible(place.file);
    if (place.line > 0) words += ", line " + model::grouped(place.line);
    return words;
}

}  // namespace fedsleuth::ui
