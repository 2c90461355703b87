// Command semver-judge answers, line by line, what Flux's own libraries make of a case: the constraint library
// itself, Flux's version parser, Go's regular expressions and Go's numbers. Lines in and out are JSON.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

// request is one case. Op is empty for a selection.
type request struct {
	ID   any    `json:"id"`
	Op   string `json:"op"`
	Kind string `json:"kind"`
	Spec spec   `json:"spec"`

	Tags          []string `json:"tags"`
	ExclusionList []string `json:"exclusionList"`

	Range    string   `json:"range"`
	Versions []string `json:"versions"`
	Pattern  string   `json:"pattern"`
	Template string   `json:"template"`
	Texts    []string `json:"texts"`
	Rounds   int      `json:"rounds"`
}

type response struct {
	ID any `json:"id"`
	// Selected is absent when nothing is.
	Selected string `json:"selected,omitempty"`
	// Ties are all that could have been selected, where that hangs on the order of things.
	Ties    []string `json:"ties,omitempty"`
	Error   string   `json:"error,omitempty"`
	Message string   `json:"message,omitempty"`
	Answers []any    `json:"answers,omitempty"`
}

func answer(r request) response {
	switch r.Op {
	case "":
		return selectTag(r)
	case "check":
		return checkVersions(r)
	case "parse":
		return parseVersions(r)
	case "compare":
		return compareVersions(r)
	case "regexp":
		return expandTexts(r)
	case "float":
		return parseFloats(r)
	case "time":
		return timeSelection(r)
	default:
		return response{Error: "op-unknown"}
	}
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	defer out.Flush()
	decoder := json.NewDecoder(in)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for decoder.More() {
		var r request
		if err := decoder.Decode(&r); err != nil {
			out.Flush()
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		given := answer(r)
		given.ID = r.ID
		if err := encoder.Encode(given); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
}
