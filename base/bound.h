/* Bounds of what the wire can make grow: the one of the program, and a small one of the builds for fuzzing, so that inputs of some KB come to
 * what lies beyond it: giving up, forgetting, wrapping. */
#ifndef BASE_BOUND_H
#define BASE_BOUND_H

#ifdef ENVSCOPE_FUZZED
#define BOUND(much, little) (little)
#else
#define BOUND(much, little) (much)
#endif

#endif
