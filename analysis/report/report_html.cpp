// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/report/report.h"

#include "model/text.h"

namespace fedsleuth::analysis {

namespace {

using Kind = ReportBlock::Kind;

std::string escaped(const std::string& text) { return model::html_escaped(text); }

constexpr const char* style = R"(
body { font: 15px/1.45 system-ui, "DejaVu Sans", sans-serif; color: #1f2328; background: #fff; margin: 0 auto; max-width: 62rem; padding: 2rem 1.5rem; }
h1 { font-size: 1.7rem; margin: 0 0 .3rem; } h2 { font-size: 1.25rem; border-top: 1px solid #d5d9de; padding-top: 1.2rem; margin-top: 2.2rem; } h3 { font-size: 1rem; margin: 1.4rem 0 .3rem; }
p { margin: .5rem 0; } .headline { font-size: 1.1rem; } .about, .note, figcaption, caption { color: #5b6470; font-size: .87rem; }
nav { margin: 1.2rem 0; font-size: .9rem; } nav a { color: #1f5fa8; text-decoration: none; margin-right: 1.1rem; white-space: nowrap; }
table { border-collapse: collapse; width: 100%; margin: .9rem 0; font-size: .82rem; } caption { text-align: left; padding-bottom: .3rem; }
th, td { text-align: left; vertical-align: top; padding: .2rem .5rem .2rem 0; border-bottom: 1px solid #e6e9ec; overflow-wrap: anywhere; }
td.s { white-space: nowrap; }
th { font-weight: 600; border-bottom-color: #9aa3ad; } th { overflow-wrap: normal; } .n + td, .n + th { padding-left: .6rem; } .n { text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
figure { margin: 1.2rem 0; } figure svg { max-width: 100%; height: auto; } figcaption { margin-top: .2rem; }
.people { border-left: 4px solid #1f5fa8; background: #f3f6fa; padding: .1rem 1rem 1rem; margin-top: 2rem; } .people h2 { border-top: 0; margin-top: .8rem; padding-top: 0; }
@media print { body { max-width: none; padding: 0; font-size: 11px; } nav { display: none; } tr, figure { break-inside: avoid; } h2, h3 { break-after: avoid; } }
)";

std::string table_html(const ReportBlock& block)
{
    std::string html = "<table><caption>" + escaped(block.text) + "</caption>\n<thead><tr>";
    const auto kind = [&](std::size_t column) { return block.numbers[column] != 0 ? " class=\"n\"" : ""; };
    for (std::size_t column = 0; column < block.items.size(); ++column)
        html += std::string("<th") + kind(column) + ">" + escaped(block.items[column]) + "</th>";
    html += "</tr></thead>\n<tbody>\n";
    for (const std::vector<std::string>& row : block.rows) {
        html += "<tr>";
        for (std::size_t column = 0; column < row.size(); ++column) {
            // Short words (ids, states, times) stay whole; the long ones give way.
            constexpr std::size_t short_cell = 20;
            const bool is_short = block.numbers[column] == 0 && row[column].size() <= short_cell;
            html +=
                std::string("<td") + (is_short ? " class=\"s\"" : kind(column)) + ">" + escaped(row[column]) + "</td>";
        }
        html += "</tr>\n";
    }
    return html + "</tbody></table>\n";
}

std::string block_html(const ReportBlock& block)
{
    switch (block.kind) {
        case Kind::heading:
            return "<h3>" + escaped(block.text) + "</h3>\n";
        case Kind::paragraph:
            return "<p>" + escaped(block.text) + "</p>\n";
        case Kind::note:
            return "<p class=\"note\">" + escaped(block.text) + "</p>\n";
        case Kind::list: {
            std::string html = "<ul>\n";
            for (const std::string& item : block.items) html += "<li>" + escaped(item) + "</li>\n";
            return html + "</ul>\n";
        }
        case Kind::table:
            return table_html(block);
        case Kind::figure:
            return "<figure>" + block.svg + "<figcaption>" + escaped(block.text) + "</figcaption></figure>\n";
    }
    return {};
}

}  // namespace

std::string report_html(const Report& report)
{
    std::string html =
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width\">\n<title>" +
        escaped(report.title) + "</title>\n<style>" + style + "</style>\n</head>\n<body>\n<h1>" +
        escaped(report.title) + "</h1>\n";
    html += "<p class=\"headline\">" + escaped(report.headline) + "</p>\n";
    html += "<p class=\"about\">Fedsleuth " + escaped(report.version) +
            (report.made_at.empty() ? std::string() : ", " + escaped(report.made_at)) + "</p>\n<nav>";
    for (const ReportSection& section : report.sections)
        html += "<a href=\"#" + section.id + "\">" + escaped(section.title) + "</a> ";
    html += "</nav>\n";
    for (const ReportSection& section : report.sections) {
        html += "<section id=\"" + section.id + "\"" + (section.by_people ? " class=\"people\"" : "") + ">\n<h2>" +
                escaped(section.title) + "</h2>\n";
        for (const ReportBlock& block : section.blocks) html += block_html(block);
        html += "</section>\n";
    }
    return html + "</body>\n</html>\n";
}

}  // namespace fedsleuth::analysis
