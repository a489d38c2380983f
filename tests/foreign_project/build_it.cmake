# Configures the foreign project from nothing, builds it and runs its program.
file(REMOVE_RECURSE ${BUILD})
foreach(step IN ITEMS
    "${CMAKE_COMMAND};-G;Ninja;-S;${PROJECT};-B;${BUILD};-DCMAKE_C_COMPILER=${COMPILER};-DOHM_ROOT=${OHM_ROOT}"
    "${CMAKE_COMMAND};--build;${BUILD}"
    "${BUILD}/foreign_app")
  execute_process(COMMAND ${step} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${step}\nended with ${result}:\n${output}")
  endif()
endforeach()
message("${output}")
