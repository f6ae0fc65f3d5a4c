// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/verdict/evidence.h"
#include "analysis/verdict/judgement.h"
#include "analysis/verdict/pattern_verdict.h"
#include "analysis/verdict/probe_judgement.h"
#include "model/verdict.h"

namespace fedsleuth::analysis {

/// Fills in reasons and counter-evidence of a verdict whose class, rounds and attack stand. First what it rests on, in
/// one sentence; then, for the detectors that moved the suspicion most, what they saw in their strongest round among
/// the bad ones (among all for a client on watch), with the log-odds that they moved as the evidence. Against it:
/// detectors that lower the suspicion, what lies within the crowd, and on which single kind of evidence it rests, if it
/// does. A clean client has no reasons.
void explain(model::Verdict& verdict, const Judgement& judgement, const PatternVerdict& pattern, std::size_t clients,
             const std::vector<ScoredRound>& rounds);

/// Puts what the probes saw first among the reasons where they added to the suspicion, else among what speaks against
/// it. After explain().
void explain_probe(model::Verdict& verdict, const ProbeOpinion& opinion);

}  // namespace fedsleuth::analysis
