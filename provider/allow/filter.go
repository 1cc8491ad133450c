package allow

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gatehouse/provider/strictjson"
)

// Bounds of a filter. Directus follows relations ten deep.
const (
	maxFilterSize   = 8192
	maxFilterDepth  = 12
	maxFilterValues = 256
)

// secretColumns are never asked about, by whatever path: a filter that guesses at
// them would tell them letter by letter. Directus itself takes such filters.
var secretColumns = []string{"password", "token", "tfa_secret", "auth_data"}

// The operators of a filter by what stands behind them (Directus, "Filter rules"):
// one value, a list of values, yes, or another filter on what is related.
var (
	oneValue = []string{
		"_eq", "_neq", "_lt", "_lte", "_gt", "_gte",
		"_contains", "_ncontains", "_icontains", "_nicontains",
		"_starts_with", "_nstarts_with", "_istarts_with", "_nistarts_with",
		"_ends_with", "_nends_with", "_iends_with", "_niends_with",
	}
	manyValues = []string{"_in", "_nin", "_between", "_nbetween"}
	yes        = []string{"_null", "_nnull", "_empty", "_nempty"}
	related    = []string{"_some", "_none"}
	logical    = []string{"_and", "_or"}
)

// fieldName is a field, one of a collection among several (item:pages), or a
// function of a field.
var fieldName = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9_]{0,63}(:[A-Za-z0-9_]{1,64})?|` +
	`(year|month|week|day|weekday|hour|minute|second|count)\([A-Za-z0-9][A-Za-z0-9_]{0,63}\))$`)

// CheckFilter reads a filter on directus_users and returns it as Directus will get
// it. It knows the syntax and not the fields, which Directus knows.
//
// It refuses what Directus takes and nobody means: an empty part, and what Directus
// passes over without a word (a list operator that is of no relation, and what stands
// behind a function other than an operator), which allow everybody; a filter variable
// such as $CURRENT_USER, which would be the user of the service token; and a column
// that holds a secret, by any path. The errors name what is wrong and how to mend it.
func CheckFilter(raw json.RawMessage) (json.RawMessage, error) {
	if len(raw) > maxFilterSize {
		return nil, fmt.Errorf("is longer than %d bytes", maxFilterSize)
	}
	value, err := strictjson.Read(raw, strictjson.Bounds{Depth: maxFilterDepth, Values: maxFilterValues})
	if err != nil {
		return nil, mended(err)
	}
	if err := checkObject(value, "", ofUser); err != nil {
		return nil, err
	}
	return json.Marshal(value)
}

var errNotJSON = errors.New("is not JSON; write a filter such as {\"title\": {\"_eq\": \"Editor\"}}")

// mended says how to mend what was not read.
func mended(err error) error {
	refused, ok := errors.AsType[*strictjson.Error](err)
	switch {
	case !ok:
		return err
	case refused.Reason == strictjson.NotJSON:
		return errNotJSON
	case refused.Reason == strictjson.Twice:
		return fmt.Errorf("names %q twice in one object; put them into a list behind _and", refused.Name)
	case refused.Reason == strictjson.Deep, refused.Reason == strictjson.Many:
		return fmt.Errorf("is nested more than %d deep, or has more than %d parts", maxFilterDepth, maxFilterValues)
	}
	return err
}

// place is where a part of a filter stands.
type place int

const (
	// ofUser parts are of the user himself, ofRows of rows that a list operator
	// looks through: both are about fields.
	ofUser place = iota
	ofRows
	// ofField parts are of a field, ofFunction of a function of one.
	ofField
	ofFunction
)

// checkObject checks what stands behind a field or an operator that takes filters;
// at names it.
func checkObject(value any, at string, where place) error {
	object, ok := value.(map[string]any)
	switch {
	case !ok && at == "":
		return errors.New("is not an object; write a filter such as {\"title\": {\"_eq\": \"Editor\"}}")
	case !ok:
		return fmt.Errorf("%s has no operator; write {%q: {\"_eq\": …}}", at, at)
	case len(object) == 0 && at == "":
		return errors.New("is empty and would allow everybody; leave allow.filter out, or say who may")
	case len(object) == 0:
		return fmt.Errorf("%s has an empty part, which would allow everybody", at)
	}
	for name, behind := range object {
		if err := checkPlace(name, where); err != nil {
			return err
		}
		if err := checkMember(name, behind, where); err != nil {
			return err
		}
	}
	return nil
}

// checkPlace refuses what Directus passes over where it stands, or takes nowhere.
func checkPlace(name string, where place) error {
	isRelated, isOperator := slices.Contains(related, name), slices.Contains(slices.Concat(oneValue, manyValues, yes), name)
	isField := !strings.HasPrefix(name, "_")
	switch {
	case isRelated && where != ofField:
		return fmt.Errorf("%s stands directly behind the field of a list of rows; elsewhere it would allow everybody", name)
	case isOperator && where == ofUser:
		return fmt.Errorf("%s stands behind a field; write {\"title\": {%q: …}}", name, name)
	case isOperator && where == ofRows:
		return fmt.Errorf("%s stands behind a field of the rows; behind _some or _none alone it would allow everybody", name)
	case isField && where == ofFunction:
		return fmt.Errorf("%q stands behind a function, which takes operators only; it would allow everybody", name)
	case isField && where == ofUser && strings.Contains(name, ":"):
		return fmt.Errorf("%q names a collection, which only fields of related rows can; it would allow everybody", name)
	}
	return nil
}

func checkMember(name string, behind any, where place) error {
	switch {
	case slices.Contains(logical, name):
		list, ok := behind.([]any)
		if !ok || len(list) == 0 {
			return fmt.Errorf("%s needs a list of at least one filter", name)
		}
		for _, one := range list {
			if err := checkObject(one, name, where); err != nil {
				return err
			}
		}
		return nil
	case slices.Contains(related, name):
		return checkObject(behind, name, ofRows)
	case slices.Contains(oneValue, name):
		return checkValue(name, behind)
	case slices.Contains(manyValues, name):
		list, ok := behind.([]any)
		if !ok || len(list) == 0 {
			return fmt.Errorf("%s needs a list of values", name)
		}
		for _, one := range list {
			if err := checkValue(name, one); err != nil {
				return err
			}
		}
		return nil
	case slices.Contains(yes, name):
		if behind != true {
			return fmt.Errorf("%s takes true only; for the contrary there is the operator with or without n", name)
		}
		return nil
	case strings.HasPrefix(name, "_"):
		return fmt.Errorf("%s is no operator of Directus", name)
	case !fieldName.MatchString(name):
		return fmt.Errorf("%q is not the name of a field", name)
	case secret(name):
		return fmt.Errorf("%s holds a secret and decides nothing", name)
	}
	if strings.HasSuffix(name, ")") {
		return checkObject(behind, name, ofFunction)
	}
	return checkObject(behind, name, ofField)
}

// checkValue takes dates relative to now ($NOW, $NOW(-1 year)) and no other
// variable of Directus.
func checkValue(operator string, value any) error {
	switch value := value.(type) {
	case string:
		if strings.HasPrefix(value, "$") && !now.MatchString(value) {
			return fmt.Errorf("%s: %s would be that of the service token, not of the person; the filter is about the person already", operator, value)
		}
		return nil
	case json.Number, bool:
		return nil
	case nil:
		return fmt.Errorf("%s has no value; for fields without one there is \"_null\": true", operator)
	}
	return fmt.Errorf("%s needs a text, a number, true or false", operator)
}

var now = regexp.MustCompile(`^\$NOW(\([-+]?[0-9a-z ]{1,32}\))?$`)

func secret(name string) bool {
	if open := strings.IndexByte(name, '('); open >= 0 {
		name = strings.TrimSuffix(name[open+1:], ")")
	}
	name, _, _ = strings.Cut(name, ":")
	return slices.Contains(secretColumns, strings.ToLower(name))
}
