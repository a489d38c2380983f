set(OHM_GUESTS ${CMAKE_CURRENT_LIST_DIR})
program(determinism LAYER sim
  SOURCES ${OHM_GUESTS}/determinism.c ${OHM_GUESTS}/plans.c ${OHM_GUESTS}/sha256.c
  USES whole_engine calibration_fit code_generator journal batch bytes portable_math)

if(NOT DEFINED OHM_INSTRUCTION_COUNT)
  set(OHM_INSTRUCTION_COUNT none)
endif()
program(cost LAYER sim
  SOURCES ${OHM_GUESTS}/cost.c ${OHM_GUESTS}/instruction_count_${OHM_INSTRUCTION_COUNT}.c
  USES whole_engine code_census metering_desk metering_engine calibration_store code_generator scan_source journal snapshot quality_task demand tariff)
