package salesforce

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
)

// rejection is the outcome of a record that the org refused.
func rejection(r *record, v gjson.Result) crm.Outcome {
	f := faultIn(v)
	o := crm.Outcome{Status: crm.Rejected, Class: classOf(f), Code: f.Code, Message: f.Message}
	if o.Message == "" {
		o.Message = "no reason given"
	}
	if len(f.Fields) == 0 {
		f.Fields = named(f.Message)
	}
	for _, native := range f.Fields {
		if name := r.logical[native]; name != "" {
			native = name
		}
		o.Fields = append(o.Fields, native)
	}
	return o
}

// classes groups the vendor's codes; what is not listed is ClassInvalid.
var classes = map[string]crm.Class{
	"UNABLE_TO_LOCK_ROW":                            crm.ClassLocked,
	"ENTITY_IS_LOCKED":                              crm.ClassLocked,
	"ALL_OR_NONE_OPERATION_ROLLED_BACK":             crm.ClassBusy,
	"UNKNOWN_EXCEPTION":                             crm.ClassBusy,
	"SERVER_UNAVAILABLE":                            crm.ClassBusy,
	"PROCESSING_HALTED":                             crm.ClassBusy,
	"FIELD_CUSTOM_VALIDATION_EXCEPTION":             crm.ClassValidation,
	"FIELD_FILTER_VALIDATION_EXCEPTION":             crm.ClassValidation,
	"FIELD_INTEGRITY_EXCEPTION":                     crm.ClassValidation,
	"REQUIRED_FIELD_MISSING":                        crm.ClassValidation,
	"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY":          crm.ClassValidation,
	"APEX_ERROR":                                    crm.ClassValidation,
	"DUPLICATES_DETECTED":                           crm.ClassValidation,
	"DUPLICATE_VALUE":                               crm.ClassValidation,
	"INACTIVE_OWNER_OR_USER":                        crm.ClassValidation,
	"ENTITY_IS_DELETED":                             crm.ClassGone,
	"NOT_FOUND":                                     crm.ClassGone,
	"INVALID_CROSS_REFERENCE_KEY":                   crm.ClassGone,
	"INSUFFICIENT_ACCESS_OR_READONLY":               crm.ClassPermission,
	"INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": crm.ClassPermission,
	"INSUFFICIENT_ACCESS":                           crm.ClassPermission,
	"INVALID_FIELD_FOR_INSERT_UPDATE":               crm.ClassPermission,
	codeField:                                       crm.ClassPermission,
	"STORAGE_LIMIT_EXCEEDED":                        crm.ClassQuota,
	codeLimit:                                       crm.ClassQuota,
}

// overGovernor reports whether a trigger or flow ran into a limit of its
// transaction.
func overGovernor(f fault) bool {
	return strings.Contains(f.Message, "CPU time limit") || strings.Contains(f.Message, "Too many SOQL")
}

func classOf(f fault) crm.Class {
	switch {
	case strings.HasPrefix(f.Code, "TXN_SECURITY_"):
		return crm.ClassPermission
	case f.Code == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY" || f.Code == "APEX_ERROR":
		// A trigger or flow failed; its text holds the real reason.
		switch {
		case strings.Contains(f.Message, "UNABLE_TO_LOCK_ROW"):
			return crm.ClassLocked
		case overGovernor(f):
			return crm.ClassBusy
		}
	}
	if class, ok := classes[f.Code]; ok {
		return class
	}
	return crm.ClassInvalid
}
