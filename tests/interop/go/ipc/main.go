// Command ipc writes Arrow IPC streams of every type together with what they mean (`ipc write [all]`, as JSON), or reads the
// streams of a JSON array (`ipc read FILE`) and prints what it understood.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"

	"github.com/apache/arrow-go/v18/arrow/ipc"
)

func main() {
	var result any
	switch os.Args[1] {
	case "write":
		result = streams(len(os.Args) > 2 && os.Args[2] == "all")
	case "read":
		result = readAll(os.Args[2])
	default:
		panic("ipc write [all] | ipc read FILE")
	}
	must(json.NewEncoder(os.Stdout).Encode(result))
}

// understood is what a stream means to Go's Arrow, or why it can't be read.
type understood struct {
	Columns  [][]any           `json:"columns"`
	Metadata map[string]string `json:"metadata"`
	Error    string            `json:"error,omitempty"`
}

func readAll(path string) []understood {
	var encoded []string
	content, err := os.ReadFile(path)
	must(err)
	must(json.Unmarshal(content, &encoded))
	result := make([]understood, len(encoded))
	for i, text := range encoded {
		bytes, err := base64.StdEncoding.DecodeString(text)
		must(err)
		result[i] = read(bytes)
	}
	return result
}

func read(stream []byte) (result understood) {
	defer func() {
		if failure := recover(); failure != nil {
			result.Error = fmt.Sprint(failure)
		}
	}()
	reader, err := ipc.NewReader(bytes.NewReader(stream))
	must(err)
	result.Metadata = reader.Schema().Metadata().ToMap()
	result.Columns = make([][]any, reader.Schema().NumFields())
	for i := range result.Columns {
		result.Columns[i] = []any{}
	}
	for reader.Next() {
		for i, column := range reader.RecordBatch().Columns() {
			result.Columns[i] = append(result.Columns[i], plainValues(column)...)
		}
	}
	must(reader.Err())
	return result
}
