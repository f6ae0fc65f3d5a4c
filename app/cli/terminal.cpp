// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/terminal.h"

#include "app/cli/text_width.h"
#include "model/text.h"

#include <sys/ioctl.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace fedsleuth::cli {

namespace {

/// Columns of the terminal behind a descriptor; 0 where there is none.
int columns_of(int descriptor)
{
    winsize size{};
    if (isatty(descriptor) == 0 || ioctl(descriptor, TIOCGWINSZ, &size) != 0) return 0;
    return size.ws_col;
}

/// https://no-color.org: set and not empty, whatever its value.
bool colour_is_wanted()
{
    const char* no_colour = std::getenv("NO_COLOR");
    const char* kind = std::getenv("TERM");
    return (no_colour == nullptr || *no_colour == '\0') && kind != nullptr && std::strcmp(kind, "dumb") != 0;
}

void write_line(const std::string& line)
{
    std::fflush(stdout);  // what was answered stands above what is said about it
    std::fwrite(line.data(), 1, line.size(), stderr);
    std::fflush(stderr);
}

}  // namespace

Terminal Terminal::of_this_process()
{
    Terminal terminal;
    terminal.out_is_terminal_ = isatty(STDOUT_FILENO) != 0;
    terminal.err_is_terminal_ = isatty(STDERR_FILENO) != 0;
    terminal.colour_ = terminal.out_is_terminal_ && colour_is_wanted();
    terminal.width_ = terminal.out_is_terminal_ ? columns_of(STDOUT_FILENO) : columns_of(STDERR_FILENO);
    return terminal;
}

void Terminal::say(std::string_view sentence) const { write_line(model::visible(sentence) + "\n"); }

Exit Terminal::failed(const model::Error& error) const
{
    std::string line = "fedsleuth-cli: ";
    if (!error.where.empty()) line += error.where + ": ";
    say(line + error.message);
    if (!error.hint.empty()) say("  " + error.hint);
    return Exit::failed;
}

Exit Terminal::wrong_usage(std::string_view message, std::string_view hint) const
{
    say("fedsleuth-cli: " + std::string(message));
    if (!hint.empty()) say("  " + std::string(hint));
    return Exit::usage;
}

model::Result<void> Terminal::put(std::string_view data) const
{
    errno = 0;
    const std::size_t written = std::fwrite(data.data(), 1, data.size(), stdout);
    if (written != data.size() || std::fflush(stdout) != 0) {
        return model::fail(model::ErrorCode::io, std::string("can't be written: ") + std::strerror(errno),
                           "standard output");
    }
    return {};
}

void Terminal::refresh(std::string_view line) const
{
    if (!err_is_terminal_) return;
    const int room = width_ > 0 ? width_ - 1 : 79;
    write_line("\r\x1b[K" + cut_to_width(model::visible(line), room));
}

}  // namespace fedsleuth::cli
