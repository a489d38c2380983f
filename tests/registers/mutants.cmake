# Cores with one mistake each, which the sweep of the registers must catch.
set(core ${CMAKE_SOURCE_DIR}/firmware/core)
set(everything processing_task sampling_task demand tariff journal record_store flash_memory
  reading_example m)
set(MUTANT_TEST test_register_power.c)
set(MUTANT_ARGUMENTS 5)

# Linked before the sound library, the mutant's objects win.
macro(mutate_module module folder)
  set(MUTANT_DIR ${core}/${folder})
  get_target_property(MUTANT_SOURCES ${module} SOURCES)
  list(TRANSFORM MUTANT_SOURCES REPLACE "^([^/].*)$" "${MUTANT_DIR}/\\1")
  list(APPEND MUTANT_SOURCES powered_meter.c powered_loads.c)
  get_target_property(MUTANT_LINKS ${module} LINK_LIBRARIES)
  list(APPEND MUTANT_LINKS ${everything})
endmacro()

mutate_module(journal storage/journal)
mutant(register_mutant_reading_crc_unchecked journal_entry.c
  "crc32_extend(cursor->sector_crc, in + AT_SIZE, *used - AT_SIZE) != bytes_load_le32(in)"
  "bytes_load_le32(in) == 0xFFFFFFFFu")
mutant(register_mutant_forgets_the_snapshot journal.c
  "journal->has_latest && !journal->sector_has_base"
  "false")
mutant(register_mutant_reading_not_synchronised journal.c
  "return journal->region->sync(journal->region->ctx)"
  "return journal->region == NULL ? STATUS_IO : STATUS_OK")

mutate_module(record_store storage/record_store)
mutant(register_mutant_value_crc_unchecked record_store.c
  "crc32_extend(store->head_crc, in + AT_VALUE_SIZE, used - AT_VALUE_SIZE) !="
  "0xFFFFFFFFu ==")
set(MUTANT_ARGUMENTS 1 *half_written)
mutant(register_mutant_head_before_values record_store.c
  "enum status status = sync_region(store)" "enum status status = STATUS_OK")

set(MUTANT_ARGUMENTS 5)

mutate_module(demand metering/demand)
mutant(register_mutant_record_before_maximum demand.c
  "enum status status = maximum_demand_settle(demand->maximum)"
  "enum status status = demand == NULL ? STATUS_IO : STATUS_OK"
  "record.interval.maximum_demand_mw = demand->maximum->value.demand_mw"
  "record.interval.maximum_demand_mw = demand->maximum->offered_mw"
  "return status"
  "return status != STATUS_OK ? status : maximum_demand_settle(demand->maximum)")

mutate_module(meter_registers metering/meter_registers)
mutant(register_mutant_restores_one_register_of_the_rates meter_registers.c
  "take(&registers->import[rate], last->total.import_mj[rate])"
  "take(&registers->import[rate], last->total.import_mj[0])")
mutant(register_mutant_counts_the_rest_twice meter_registers.c
  "counter->rest_nano = rest % NANO_PER_MILLI"
  "counter->rest_nano = rest")
