# SPDX-License-Identifier: GPL-3.0-or-later
# cmake -DPROGRAM=fedsleuth-cli -DOUT=fedsleuth-cli.1 -P fedsleuth-cli.cmake: the man page, made of the program's own --help.
cmake_minimum_required(VERSION 3.25)

function(help_of out)
  execute_process(COMMAND ${PROGRAM} ${ARGN} --help OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

# As it stands, for troff: a backslash, and what would be a request at a line's beginning.
function(as_troff out text)
  string(REPLACE "\\" "\\e" text "${text}")
  string(REPLACE "-" "\\-" text "${text}")
  string(REGEX REPLACE "(^|\n)([.'])" "\\1\\\\&\\2" text "${text}")
  set(${out} ".nf\n${text}.fi\n" PARENT_SCOPE)
endfunction()

function(commands_of out help)
  set(names "")
  if(help MATCHES "\nSubcommands:\n([^\n]+\n)+")
    string(REGEX MATCHALL "\n  [a-z]+" names "${CMAKE_MATCH_0}")
    list(TRANSFORM names STRIP)
  endif()
  set(${out} ${names} PARENT_SCOPE)
endfunction()

help_of(help)
as_troff(body "${help}")
set(page ".\\\" SPDX-License-Identifier: GPL-3.0-or-later\n.\\\" Made of fedsleuth-cli --help.\n")
string(APPEND page ".TH FEDSLEUTH\\-CLI 1 \"\" \"Fedsleuth\" \"User Commands\"\n.SH NAME\n"
  "fedsleuth\\-cli \\- forensics for federated learning, on the command line\n"
  ".SH SYNOPSIS\n.B fedsleuth\\-cli\n.I COMMAND\n.RI [ OPTIONS ]\n.SH DESCRIPTION\n${body}")
commands_of(commands "${help}")
foreach(command IN LISTS commands)
  help_of(help ${command})
  as_troff(body "${help}")
  string(TOUPPER ${command} title)
  string(APPEND page ".SH ${title}\n${body}")
  commands_of(inner "${help}")
  foreach(sub IN LISTS inner)
    help_of(help ${command} ${sub})
    as_troff(body "${help}")
    string(APPEND page ".SS ${command} ${sub}\n${body}")
  endforeach()
endforeach()
string(APPEND page ".SH SEE ALSO\n.BR fedsleuth (1)\n")
file(WRITE ${OUT} "${page}")
