package faults_test

import (
	"slices"
	"strings"
)

// oneClosed is a task that the pass without fault closed.
func oneClosed(s *scene, _ call) []string { return []string{s.closing()} }

// closing is the id of a task that is to be closed.
func (s *scene) closing() string {
	s.t.Helper()
	for _, k := range s.rig.Tasks(s.t) {
		if k.Key == s.ref.closed[0] {
			return k.ID
		}
	}
	s.t.Fatalf("no task %s", s.ref.closed[0])
	return ""
}

// asking is a deal for which a task is to be made.
func (s *scene) asking() int {
	s.t.Helper()
	id, _, _ := strings.Cut(s.ref.made[len(s.ref.made)/2], "/")
	for i := range s.rig.World.Deals {
		if s.rig.Deal(i) == id {
			return i
		}
	}
	s.t.Fatalf("no deal %s", id)
	return -1
}

// finishTask is a person who completes a task that is to be closed.
func finishTask(s *scene) []int {
	s.rig.FinishTask(s.t, s.closing())
	return nil
}

// removeTask is a person who deletes it.
func removeTask(s *scene) []int {
	s.rig.RemoveTask(s.t, s.closing())
	return nil
}

// deleteAsked is the deletion of a deal for which a task is to be made.
func deleteAsked(s *scene) []int {
	deal := s.asking()
	s.rig.Delete(s.t, s.rig.Deal(deal))
	return []int{deal}
}

// mergeAsked folds such a deal into one that waits for its kickoff.
func mergeAsked(s *scene) []int {
	deal, into := s.asking(), s.ref.early[len(s.ref.early)-1]
	if slices.Contains(s.ref.early, deal) {
		s.t.Fatalf("deal %d has no final and yet a task", deal)
	}
	s.rig.MergeDeals(s.t, into, deal)
	return []int{into, deal}
}
