# A mutant is a module with one mistake, built together with the module's power-cut sweep, which must
# catch it: a test that passes with a mistake in place proves nothing. The caller sets MUTANT_SOURCES,
# MUTANT_TEST and MUTANT_LINKS; and MUTANT_DIR, the folder of the module, when it is not this one, and
# MUTANT_ARGUMENTS for the test.
#
# mutant(NAME FILE "text" "text with the mistake" ["more text" "with the mistake"])
function(mutant name file)
  if(NOT MUTANT_DIR)
    set(MUTANT_DIR ${CMAKE_CURRENT_SOURCE_DIR})
  endif()
  file(READ ${MUTANT_DIR}/${file} source)
  set(changes "${ARGN}")
  while(changes)
    list(POP_FRONT changes right wrong)
    string(FIND "${source}" "${right}" at)
    if(at EQUAL -1)
      message(FATAL_ERROR "mutant ${name}: ${file} no longer contains '${right}'")
    endif()
    string(REPLACE "${right}" "${wrong}" source "${source}")
  endwhile()
  set(mutated ${CMAKE_CURRENT_BINARY_DIR}/mutants/${name}/${file})
  file(CONFIGURE OUTPUT ${mutated} CONTENT "${source}" @ONLY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${MUTANT_DIR}/${file})

  set(sources ${MUTANT_SOURCES})
  list(REMOVE_ITEM sources ${file} ${MUTANT_DIR}/${file})
  add_executable(${name} ${MUTANT_TEST} ${sources} ${mutated})
  target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR} ${MUTANT_DIR})
  target_link_libraries(${name} PRIVATE ${MUTANT_LINKS} PkgConfig::cmocka)
  add_test(NAME ${name} COMMAND ${name} ${MUTANT_ARGUMENTS})
  # A crash does not count as caught: only a failed assertion makes the test say this.
  set_tests_properties(${name} PROPERTIES PASS_REGULAR_EXPRESSION "FAILED TEST" LABELS slow)
endfunction()
