# Journals with one mistake each, which the power-cut sweep must catch.
set(MUTANT_TEST test_journal_power.c)
set(MUTANT_ARGUMENTS 1)
set(MUTANT_SOURCES ${JOURNAL_SOURCES})
set(MUTANT_LINKS batch reading seams status bytes crc32 record_code flash_memory reading_example)

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
