package main

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"
	"github.com/fluxcd/pkg/version"
)

type spec struct {
	Ref struct {
		Digest       string `json:"digest"`
		SemVer       string `json:"semver"`
		SemverFilter string `json:"semverFilter"`
		Tag          string `json:"tag"`
	} `json:"ref"`
	LayerSelector struct {
		MediaType string `json:"mediaType"`
	} `json:"layerSelector"`
	Version string `json:"version"`
	Policy  struct {
		SemVer *struct {
			Range string `json:"range"`
		} `json:"semver"`
		Alphabetical *struct {
			Order string `json:"order"`
		} `json:"alphabetical"`
		Numerical *struct {
			Order string `json:"order"`
		} `json:"numerical"`
	} `json:"policy"`
	FilterTags *struct {
		Pattern string `json:"pattern"`
		Extract string `json:"extract"`
	} `json:"filterTags"`
}

const chartMediaType = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"

func failed(code string, err error) response {
	if err == nil {
		return response{Error: code}
	}
	return response{Error: code, Message: err.Error()}
}

func chosen(selected string, ties []string) response {
	slices.Sort(ties)
	ties = slices.Compact(ties)
	if len(ties) < 2 {
		ties = nil
	}
	return response{Selected: selected, Ties: ties}
}

func selectTag(r request) response {
	switch r.Kind {
	case "OCIRepository":
		return selectOCI(r)
	case "HelmChart":
		return selectChart(r)
	case "ImagePolicy":
		return selectImage(r)
	default:
		return failed("kind-unknown", nil)
	}
}

func absentOr(tags []string, wanted string) response {
	if !slices.Contains(tags, wanted) {
		return failed("tag-absent", nil)
	}
	return response{Selected: wanted}
}

// candidate keeps the registry's own spelling beside the version it reads as.
type candidate struct {
	tag     string
	version *semver.Version
}

// highest returns the greatest candidate and all that are equal to it.
func highest(candidates []candidate) response {
	if len(candidates) == 0 {
		return failed("no-match", nil)
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int { return b.version.Compare(a.version) })
	best := candidates[0]
	var ties []string
	for _, c := range candidates {
		if c.version.Equal(best.version) {
			ties = append(ties, c.tag)
		}
	}
	return chosen(best.tag, ties)
}

func selectOCI(r request) response {
	ref := r.Spec.Ref
	switch {
	case ref.Digest != "":
		return response{Selected: ref.Digest}
	case ref.SemVer == "" && ref.Tag != "":
		return absentOr(r.Tags, ref.Tag)
	case ref.SemVer == "":
		return absentOr(r.Tags, "latest")
	}
	var filter *regexp.Regexp
	if ref.SemverFilter != "" {
		var err error
		if filter, err = regexp.Compile(ref.SemverFilter); err != nil {
			return failed("filter-invalid", err)
		}
	}
	constraint, err := semver.NewConstraint(ref.SemVer)
	if err != nil {
		return failed("range-invalid", err)
	}
	var candidates []candidate
	for _, tag := range r.Tags {
		if filter != nil && !filter.MatchString(tag) {
			continue
		}
		text := tag
		if r.Spec.LayerSelector.MediaType == chartMediaType {
			text = strings.ReplaceAll(tag, "_", "+")
		}
		if v, err := version.ParseVersion(text); err == nil && constraint.Check(v) {
			candidates = append(candidates, candidate{tag, v})
		}
	}
	return highest(candidates)
}

func selectChart(r request) response {
	wanted := r.Spec.Version
	if _, err := version.ParseVersion(wanted); err == nil {
		return absentOr(r.Tags, strings.ReplaceAll(wanted, "+", "_"))
	}
	if wanted == "" {
		wanted = "*"
	}
	constraint, err := semver.NewConstraint(wanted)
	if err != nil {
		return failed("range-invalid", err)
	}
	var candidates []candidate
	for _, tag := range r.Tags {
		strict, err := semver.StrictNewVersion(strings.ReplaceAll(tag, "_", "+"))
		if err != nil {
			continue
		}
		if v, err := version.ParseVersion(strict.String()); err == nil && constraint.Check(v) {
			candidates = append(candidates, candidate{tag, v})
		}
	}
	return highest(candidates)
}

func parseVersions(r request) response {
	describe := func(v *semver.Version, err error) any {
		if err != nil {
			return nil
		}
		return []string{
			strconv.FormatUint(v.Major(), 10), strconv.FormatUint(v.Minor(), 10),
			strconv.FormatUint(v.Patch(), 10), v.Prerelease(),
		}
	}
	var answers []any
	for _, text := range r.Versions {
		answers = append(answers, []any{
			describe(semver.NewVersion(text)),
			describe(version.ParseVersion(text)),
			describe(semver.StrictNewVersion(text)),
		})
	}
	return response{Answers: answers}
}

func checkVersions(r request) response {
	constraint, err := semver.NewConstraint(r.Range)
	if err != nil {
		return failed("range-invalid", err)
	}
	var answers []any
	for _, text := range r.Versions {
		v, err := semver.NewVersion(text)
		answers = append(answers, err == nil && constraint.Check(v))
	}
	return response{Answers: answers}
}

// compareVersions compares each version with the next one; null where one of the two is none.
func compareVersions(r request) response {
	var answers []any
	for i := 0; i+1 < len(r.Versions); i++ {
		a, errA := semver.NewVersion(r.Versions[i])
		b, errB := semver.NewVersion(r.Versions[i+1])
		if errA != nil || errB != nil {
			answers = append(answers, nil)
			continue
		}
		answers = append(answers, a.Compare(b))
	}
	return response{Answers: answers}
}

// timeSelection answers with the nanoseconds of each round: parse, check and keep the greatest, the shortest way
// there is with these libraries (sorting all matches, as one controller does, takes longer).
func timeSelection(r request) response {
	constraint, err := semver.NewConstraint(r.Range)
	if err != nil {
		return failed("range-invalid", err)
	}
	var answers []any
	var best *semver.Version
	for range r.Rounds {
		start := time.Now()
		best = nil
		for _, tag := range r.Tags {
			v, err := version.ParseVersion(tag)
			if err == nil && constraint.Check(v) && (best == nil || v.GreaterThan(best)) {
				best = v
			}
		}
		answers = append(answers, time.Since(start).Nanoseconds())
	}
	given := response{Answers: answers}
	if best != nil {
		given.Selected = best.Original()
	}
	return given
}
