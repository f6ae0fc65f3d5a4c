// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/identity.h"

namespace fedsleuth::model {

std::string_view name_of(SignatureOutcome outcome)
{
    switch (outcome) {
        case SignatureOutcome::valid:
            return "valid";
        case SignatureOutcome::invalid:
            return "invalid";
        case SignatureOutcome::certificate_bad:
            return "certificate-bad";
        case SignatureOutcome::indeterminate:
            return "indeterminate";
        case SignatureOutcome::unsigned_:
            return "unsigned";
    }
    return "indeterminate";
}

}  // namespace fedsleuth::model
