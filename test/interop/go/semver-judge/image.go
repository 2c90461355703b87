package main

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/Masterminds/semver/v3"
	"github.com/fluxcd/pkg/version"
)

// selectImage walks as the image controllers do: exclusions at the scan, tags in descending order, the last tag
// written keeps an extract. Behind a filter they walk a Go map, so every possible outcome is a tie.
func selectImage(r request) response {
	tags, err := exclude(r.Tags, r.ExclusionList)
	if err != nil {
		return failed("exclusion-invalid", err)
	}
	slices.Sort(tags)
	tags = slices.Compact(tags)
	slices.Reverse(tags)
	byKey := map[string][]string{}
	var keys []string
	add := func(key, tag string) {
		if byKey[key] == nil {
			keys = append(keys, key)
		}
		byKey[key] = append(byKey[key], tag)
	}
	if filter := r.Spec.FilterTags; filter == nil {
		for _, tag := range tags {
			add(tag, tag)
		}
	} else {
		pattern, err := regexp.Compile(filter.Pattern)
		if err != nil {
			return failed("filter-invalid", err)
		}
		for _, tag := range tags {
			match := pattern.FindStringSubmatchIndex(tag)
			if match == nil {
				continue
			}
			key := tag
			if filter.Extract != "" {
				key = string(pattern.ExpandString(nil, filter.Extract, tag, match))
			}
			add(key, tag)
		}
	}
	if len(keys) == 0 {
		if r.Spec.Policy.SemVer != nil {
			if _, err := semver.NewConstraint(r.Spec.Policy.SemVer.Range); err != nil {
				return failed("range-invalid", err)
			}
		}
		return failed("no-match", nil)
	}
	best, equals, code, err := latest(r.Spec, keys)
	if code != "" {
		return failed(code, err)
	}
	var ties []string
	for _, key := range equals {
		ties = append(ties, byKey[key]...)
	}
	written := byKey[best]
	return chosen(written[len(written)-1], ties)
}

func exclude(tags, patterns []string) ([]string, error) {
	var compiled []*regexp.Regexp
	for _, pattern := range patterns {
		c, err := regexp.Compile(pattern)
		if err != nil {
			return nil, err
		}
		compiled = append(compiled, c)
	}
	kept := []string{}
	for _, tag := range tags {
		if !slices.ContainsFunc(compiled, func(c *regexp.Regexp) bool { return c.MatchString(tag) }) {
			kept = append(kept, tag)
		}
	}
	return kept, nil
}

// latest returns the key that wins in this order, and all that another order might have let win.
func latest(s spec, keys []string) (best string, equals []string, code string, err error) {
	switch {
	case s.Policy.SemVer != nil:
		return latestVersion(s.Policy.SemVer.Range, keys)
	case s.Policy.Alphabetical != nil:
		best = slices.Max(keys)
		if strings.EqualFold(s.Policy.Alphabetical.Order, "desc") {
			best = slices.Min(keys)
		}
		return best, []string{best}, "", nil
	case s.Policy.Numerical != nil:
		return latestNumber(strings.EqualFold(s.Policy.Numerical.Order, "desc"), keys)
	default:
		return "", nil, "spec-invalid", nil
	}
}

func latestVersion(expression string, keys []string) (best string, equals []string, code string, err error) {
	constraint, err := semver.NewConstraint(expression)
	if err != nil {
		return "", nil, "range-invalid", err
	}
	var bestVersion *semver.Version
	for _, key := range keys {
		v, err := version.ParseVersion(key)
		if err != nil || !constraint.Check(v) {
			continue
		}
		if bestVersion != nil && v.Equal(bestVersion) {
			equals = append(equals, key)
		}
		if bestVersion == nil || v.GreaterThan(bestVersion) {
			best, bestVersion, equals = key, v, []string{key}
		}
	}
	if bestVersion == nil {
		return "", nil, "no-match", nil
	}
	return best, equals, "", nil
}

func latestNumber(descending bool, keys []string) (best string, equals []string, code string, err error) {
	var number float64
	unordered := false
	for i, key := range keys {
		parsed, err := strconv.ParseFloat(key, 64)
		if err != nil {
			return "", nil, "not-a-number", err
		}
		unordered = unordered || math.IsNaN(parsed)
		if i > 0 && (!descending && parsed < number || descending && parsed > number) {
			continue
		}
		if i > 0 && parsed == number {
			equals = append(equals, key)
		} else {
			equals = []string{key}
		}
		best, number = key, parsed
	}
	if unordered {
		equals = keys
	}
	return best, equals, "", nil
}

func expandTexts(r request) response {
	pattern, err := regexp.Compile(r.Pattern)
	if err != nil {
		return failed("pattern-invalid", err)
	}
	var answers []any
	for _, text := range r.Texts {
		match := pattern.FindStringSubmatchIndex(text)
		if match == nil {
			answers = append(answers, nil)
			continue
		}
		answers = append(answers, string(pattern.ExpandString(nil, r.Template, text, match)))
	}
	return response{Answers: answers}
}

// parseFloats answers with the bits of each number, so that every one can be told from every other.
func parseFloats(r request) response {
	var answers []any
	for _, text := range r.Texts {
		parsed, err := strconv.ParseFloat(text, 64)
		switch {
		case err == nil && math.IsNaN(parsed):
			answers = append(answers, "NaN")
		case err == nil:
			answers = append(answers, strconv.FormatUint(math.Float64bits(parsed), 16))
		case err.(*strconv.NumError).Err == strconv.ErrRange:
			answers = append(answers, "range")
		default:
			answers = append(answers, "syntax")
		}
	}
	return response{Answers: answers}
}
