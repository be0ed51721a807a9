"""The zoo with all its cages filled: once this is imported, `zoo.WRONG` and `zoo.RIGHT` have every animal."""

# ruff: noqa: F401
import zoo_beyond_the_box
import zoo_committee
import zoo_committee_surgery
import zoo_magnifying_glass
import zoo_magnifying_glass_align
import zoo_needles_in_a_haystack
import zoo_needles_in_a_haystack_boxes
import zoo_needles_in_a_haystack_matching
import zoo_out_in_the_world
import zoo_out_in_the_world_screens
import zoo_out_in_the_world_trust
import zoo_whole_machine
import zoo_whole_machine_answers
import zoo_whole_machine_masks
