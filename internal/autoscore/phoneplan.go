package autoscore

import (
	"regexp"
	"slices"
	"strconv"
	"sync"

	"github.com/nyaruka/phonenumbers"
)

// plan tells which numbers of a region can be dialled, by the patterns that the
// library has of it. The library puts them together and looks them up anew for
// every number, which took ten times as long.
type plan struct {
	leading *regexp.Regexp // where a code has several regions, what tells this one's numbers; nil if their kinds do
	general kind
	kinds   []kind
}

// kind is one kind of number: "mobile", "toll free".
type kind struct {
	lengths []int32 // any if there are none
	pattern *regexp.Regexp
}

// plans are the plans of each code's regions, in the library's order.
var plans = func() map[string]func() []plan {
	byCode := make(map[string]func() []plan, len(plainCodes))
	for _, code := range plainCodes {
		byCode[code] = sync.OnceValue(func() []plan { return plansOf(code) })
	}
	return byCode
}()

func plansOf(code string) []plan {
	country, err := strconv.Atoi(code)
	if err != nil {
		return nil
	}
	all, err := phonenumbers.MetadataCollection()
	if err != nil {
		return nil
	}
	ids := phonenumbers.GetRegionCodesForCountryCode(country)
	list := make([]plan, len(ids))
	for _, m := range all.GetMetadata() {
		i := slices.Index(ids, m.GetId())
		if i < 0 {
			continue
		}
		list[i].general = kindOf(m.GetGeneralDesc())
		if lead := m.GetLeadingDigits(); lead != "" && len(ids) > 1 {
			list[i].leading = regexp.MustCompile("^(?:" + lead + ")")
		}
		for _, desc := range []*phonenumbers.PhoneNumberDesc{
			m.GetFixedLine(), m.GetMobile(), m.GetPremiumRate(), m.GetTollFree(), m.GetSharedCost(),
			m.GetVoip(), m.GetPersonalNumber(), m.GetPager(), m.GetUan(), m.GetVoicemail(),
		} {
			if desc.GetNationalNumberPattern() != "" {
				list[i].kinds = append(list[i].kinds, kindOf(desc))
			}
		}
	}
	return list
}

func kindOf(desc *phonenumbers.PhoneNumberDesc) kind {
	return kind{desc.GetPossibleLength(), regexp.MustCompile("^(?:" + desc.GetNationalNumberPattern() + ")$")}
}

// diallable reports whether a number without its code is one of the regions'.
func diallable(regions []plan, national []byte) bool {
	for i := range regions {
		p := &regions[i]
		switch {
		case p.leading == nil && p.has(national):
			return true
		case p.leading != nil && p.leading.Match(national):
			return p.has(national)
		}
	}
	return false
}

func (p *plan) has(national []byte) bool {
	return p.general.matches(national) && slices.ContainsFunc(p.kinds, func(k kind) bool { return k.matches(national) })
}

func (k kind) matches(national []byte) bool {
	return (len(k.lengths) == 0 || slices.Contains(k.lengths, int32(len(national)))) && k.pattern.Match(national)
}
