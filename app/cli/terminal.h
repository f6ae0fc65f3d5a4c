// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/result.h"

#include <string_view>

namespace fedsleuth::cli {

/// What the program answers to the shell.
enum class Exit : int {
    ok = 0,
    failed = 1,    ///< it could not be done, or was stopped
    usage = 2,     ///< the command line asks for something that makes no sense
    findings = 3,  ///< done, and there is something at or above the --fail-on that was asked for
};

/// Where the program speaks: data goes to standard output, talk to standard error. Knows what each of them is.
class Terminal {
public:
    [[nodiscard]] static Terminal of_this_process();

    [[nodiscard]] bool out_is_terminal() const { return out_is_terminal_; }
    [[nodiscard]] bool err_is_terminal() const { return err_is_terminal_; }
    [[nodiscard]] bool colour() const { return colour_; }  ///< on standard output
    [[nodiscard]] int width() const { return width_; }     ///< columns of the terminal; 0 where there is none

    /// One line of talk; whatever evidence text is in it is made harmless.
    void say(std::string_view sentence) const;
    /// "fedsleuth-cli: where: message", and the hint below it.
    Exit failed(const model::Error& error) const;
    /// The same for a command line that makes no sense.
    Exit wrong_usage(std::string_view message, std::string_view hint) const;
    /// Data. Error io where it can't be written (a full disk must not look like success).
    [[nodiscard]] model::Result<void> put(std::string_view data) const;
    /// Shows `line` in place of the last one, on a terminal; an empty line clears it.
    void refresh(std::string_view line) const;

private:
    bool out_is_terminal_ = false;
    bool err_is_terminal_ = false;
    bool colour_ = false;
    int width_ = 0;
};

}  // namespace fedsleuth::cli
