# Journals with one mistake each. The power-cut sweep must catch every one of them: a test that
# passes with a mistake in place proves nothing.

# mutant(NAME FILE "text" "text with the mistake" ["more text" "with the mistake"])
function(mutant name file)
  file(READ ${CMAKE_CURRENT_SOURCE_DIR}/${file} source)
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
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})

  set(sources ${JOURNAL_SOURCES})
  list(REMOVE_ITEM sources ${file})
  add_executable(${name} test_journal_power.c ${sources} ${mutated})
  target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE batch reading seams status bytes crc32 record_code
                        flash_memory reading_example PkgConfig::cmocka)
  add_test(NAME ${name} COMMAND ${name})
  # A crash does not count as caught: only a failed assertion makes the test say this.
  set_tests_properties(${name} PROPERTIES PASS_REGULAR_EXPRESSION "FAILED TEST" LABELS slow)
endfunction()

mutant(journal_mutant_entry_crc_unchecked journal_entry.c
  "crc32_extend(cursor->sector_crc, in + AT_SIZE, *used - AT_SIZE) != bytes_load_le32(in)"
  "bytes_load_le32(in) == 0xFFFFFFFFu")
mutant(journal_mutant_head_crc_unchecked journal_sector.c
  "sector->crc != bytes_load_le32(head + AT_CRC)"
  "bytes_load_le32(head + AT_CRC) == 0xFFFFFFFFu")
mutant(journal_mutant_entries_not_bound_to_their_head journal_entry.c
  "crc32_extend(cursor->sector_crc, in + AT_SIZE" "crc32_extend(0, in + AT_SIZE"
  "crc32_extend(journal->sector_crc, out + AT_SIZE" "crc32_extend(0, out + AT_SIZE")
mutant(journal_mutant_append_not_synchronised journal.c
  "return journal->region->sync(journal->region->ctx)"
  "return journal->region == NULL ? STATUS_IO : STATUS_OK")
mutant(journal_mutant_reuses_a_begun_unit journal.c
  "boots * FLASH_PROGRAM_SIZE : room"
  "FLASH_PROGRAM_SIZE : room")
mutant(journal_mutant_writes_on_after_torn_entry journal_resume.c
  "end = unit[i] != 0xFF ? at + FLASH_PROGRAM_SIZE : end"
  "(void)unit")
mutant(journal_mutant_forgets_the_snapshot journal.c
  "journal->has_latest && !journal->sector_has_base"
  "false")
mutant(journal_mutant_trusts_a_half_erased_sector journal_resume.c
  "cursor->seq < next.first_seq"
  "false")
