package web

import "time"

// Dates are written with the month's name, because "03/04" is two days. No
// library here knows how languages write dates, and one of that size is not
// worth these few: each catalogue has the months, in the form that its grammar
// wants inside a date, and puts the parts into its order. The time is that of
// UTC, and says so: a server does not know its visitor's clock. Browsers and
// screen readers find the exact instant in the attribute datetime.

// monthKeys are the keys of the months, January first.
func monthKeys() [12]string {
	return [12]string{
		"date.january", "date.february", "date.march", "date.april", "date.may", "date.june",
		"date.july", "date.august", "date.september", "date.october", "date.november", "date.december",
	}
}

// Day writes a date.
func (w words) Day(at time.Time) (string, error) {
	at = at.UTC()
	month, err := w.T(monthKeys()[at.Month()-1])
	if err != nil {
		return "", err
	}
	return w.T("date.day", "Day", at.Day(), "Month", month, "Year", at.Year())
}

// Minute writes a date and the time of day.
func (w words) Minute(at time.Time) (string, error) {
	day, err := w.Day(at)
	if err != nil {
		return "", err
	}
	return w.T("date.minute", "Date", day, "Time", at.UTC().Format("15:04"))
}

// Stamp writes an instant for programs, to the minute.
func (w words) Stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04Z") }
