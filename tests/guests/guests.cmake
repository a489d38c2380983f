set(OHM_GUESTS ${CMAKE_CURRENT_LIST_DIR})
program(determinism LAYER sim
  SOURCES ${OHM_GUESTS}/determinism.c ${OHM_GUESTS}/plans.c ${OHM_GUESTS}/sha256.c
  USES whole_engine code_generator journal batch bytes portable_math quantities)
