package sfsim

import (
	"encoding/base64"
	"html"
	"strconv"
	"strings"

	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

func (sd *seeder) deal(i int) {
	s, d := sd.s, &sd.w.Deals[i]
	created := stampOf(d.CreatedAt)
	if d.CreatedAt.IsZero() {
		created = sd.start + 30*day
	}
	seller, owner := sd.user(d.Seller, ""), sd.user(d.Owner, s.admin)
	if seller == "" || d.Stage != world.Won {
		seller = owner
	}
	r := sd.fresh(s.opp, seller, created)
	closeDate := d.CloseDate
	if closeDate == "" { // the platform requires one
		closeDate = dateOf(created + 90*day)
		if !d.WonAt.IsZero() {
			closeDate = dateOf(stampOf(d.WonAt))
		}
	}
	name := strings.TrimSpace(d.Name)
	if name == "" {
		name = "Opportunity " + strconv.Itoa(i+1)
	}
	values := map[string]any{
		"Name": clip(name, 120), "StageName": stageOf(d.Stage), "CloseDate": closeDate, "Type": d.Type, "OwnerId": owner,
		"Probability": s.stages[stageOf(d.Stage)].probability,
	}
	if d.Account >= 0 && d.Account < len(s.accounts) {
		values["AccountId"] = s.accounts[d.Account]
	}
	if n, err := strconv.ParseFloat(d.Amount, 64); err == nil {
		values["Amount"] = round(n, 2)
	}
	if sd.recordType != "" {
		values["RecordTypeId"] = sd.recordType
	}
	if s.multiCurrency() && d.Currency != "" {
		values["CurrencyIsoCode"] = d.Currency
	}
	r.fill(values)
	s.deriveStage(r)
	sd.fields(r, sd.custom1(), d.Fields)
	touched := sd.history(r, d, seller, created)
	r.vals[s.opp.at("LastStageChangeDate")] = touched
	touched = sd.handedOver(r, d, seller, owner, touched)
	if !d.EditedAt.IsZero() {
		touched = max(touched, min(stampOf(d.EditedAt), sd.now))
	}
	sd.stamp(r, seller, created, touched)
	s.add(r)
	s.deals = append(s.deals, r.id)
	sd.roles(r, d, seller, touched)
	for _, n := range d.Notes {
		sd.note(r, d, n)
	}
	if last, at := s.lastActivity(r); last != "" {
		r.vals[s.opp.at("LastActivityDate")] = last
		r.vals[s.opp.mod] = max(r.vals[s.opp.mod].(stamp), min(at, sd.now))
	}
}

// custom1 is custom("deal"), looked up once.
func (sd *seeder) custom1() map[string]*field {
	if sd.dealFields == nil {
		sd.dealFields = sd.custom("deal")
	}
	return sd.dealFields
}

// history writes the stage history and returns when the deal reached its stage.
func (sd *seeder) history(r *record, d *world.Deal, by string, created stamp) stamp {
	s := sd.s
	row := func(stageName string, at stamp) {
		g := s.stages[stageName]
		h := s.newRecord(s.table("OpportunityHistory")).fill(map[string]any{
			"OpportunityId": r.id, "CreatedById": by, "CreatedDate": at, "SystemModstamp": at, "StageName": g.name, "Amount": r.val("Amount"),
			"CloseDate": r.val("CloseDate"), "Probability": g.probability, "ForecastCategory": g.forecast, "ExpectedRevenue": expected(r.val("Amount"), g.probability),
		})
		s.add(h)
	}
	sd.tracked(r, by, created, "created", "", nil, nil)
	row("Prospecting", created)
	if d.Stage == world.Prospecting {
		return created
	}
	end := stampOf(d.WonAt)
	if d.Stage != world.Won || d.WonAt.IsZero() {
		end = min(created+45*day, sd.now)
	}
	if middle := created + (end-created)/2; d.Stage != world.Engaging && middle > created {
		row("Negotiation/Review", middle)
	}
	row(stageOf(d.Stage), end)
	sd.tracked(r, by, end, "StageName", "Text", "Prospecting", stageOf(d.Stage))
	return end
}

// handedOver notes that a won deal changed its owner, and returns when.
func (sd *seeder) handedOver(r *record, d *world.Deal, seller, owner string, won stamp) stamp {
	if seller == owner {
		return won
	}
	at := min(won+day, sd.now)
	sd.tracked(r, sd.s.admin, at, "Owner", "Text", sd.w.Users[d.Seller].Name, sd.s.nameOf(owner))
	sd.tracked(r, sd.s.admin, at, "Owner", "EntityId", seller, owner)
	return at
}

func (sd *seeder) tracked(r *record, by string, at stamp, name, kind string, from, to any) {
	if name == "StageName" && !sd.s.tracked["StageName"] || name == "Owner" && !sd.s.tracked["OwnerId"] {
		return
	}
	sd.s.add(sd.s.newRecord(sd.s.table("OpportunityFieldHistory")).fill(map[string]any{
		"OpportunityId": r.id, "CreatedById": by, "CreatedDate": min(at, sd.now), "Field": name, "DataType": kind, "OldValue": from, "NewValue": to,
	}))
}

func (sd *seeder) roles(r *record, d *world.Deal, by string, at stamp) {
	s := sd.s
	primary := false
	for _, role := range d.Roles {
		if role.Contact < 0 || role.Contact >= len(s.contacts) {
			continue
		}
		first := role.Primary && !primary
		primary = primary || first
		s.add(sd.fresh(s.role, by, at).fill(map[string]any{
			"OpportunityId": r.id, "ContactId": s.contacts[role.Contact], "Role": role.Name, "IsPrimary": first,
		}))
		if first {
			s.set(r, "ContactId", s.contacts[role.Contact])
		}
	}
}

// note turns what somebody wrote or logged into the object that the vendor
// keeps such things in.
func (sd *seeder) note(r *record, d *world.Deal, n world.Note) {
	s := sd.s
	at, by := min(stampOf(n.At), sd.now), sd.user(n.By, s.admin)
	subject := n.Title
	if subject == "" {
		subject, _, _ = strings.Cut(n.Body, "\n")
	}
	switch n.Kind {
	case "meeting":
		s.add(sd.fresh(s.event, by, at).fill(map[string]any{
			"WhatId": r.id, "AccountId": r.val("AccountId"), "OwnerId": by, "Subject": clip(subject, 255), "Description": clip(n.Body, 32000),
			"ActivityDate": dateOf(at), "ActivityDateTime": at, "StartDateTime": at, "EndDateTime": at + 3600, "DurationInMinutes": 60.0,
		}))
	case "call", "task", "email":
		task := sd.fresh(s.task, by, at).fill(map[string]any{
			"WhatId": r.id, "AccountId": r.val("AccountId"), "OwnerId": by, "Subject": clip(subject, 255), "Description": clip(n.Body, 32000),
			"ActivityDate": dateOf(at), "Status": s.doneStatus(), "IsClosed": true, "CompletedDateTime": at,
		})
		switch n.Kind {
		case "call":
			task.fill(map[string]any{"TaskSubtype": "Call", "CallType": "Outbound"})
		case "email":
			task.fill(map[string]any{"TaskSubtype": "Email", "Subject": clip("Email: "+subject, 255)})
			sd.mail(r, d, n, task.id, subject, at, by)
		}
		s.add(task)
	default:
		sd.noteSeq++
		if sd.noteSeq%2 == 0 {
			s.add(sd.fresh(s.table("Note"), by, at).fill(map[string]any{
				"ParentId": r.id, "OwnerId": by, "Title": clip(subject, 80), "Body": clip(n.Body, 32000),
			}))
			return
		}
		doc := s.addContentNote(clip(subject, 255), paragraphs(n.Body), by, at)
		s.addLink(doc, r.id, "V", at)
		s.addLink(doc, by, "I", at)
	}
}

func (sd *seeder) mail(r *record, d *world.Deal, n world.Note, task, subject string, at stamp, by string) {
	s := sd.s
	to := ""
	if len(d.Roles) > 0 && d.Roles[0].Contact >= 0 && d.Roles[0].Contact < len(sd.w.Contacts) {
		to = sd.w.Contacts[d.Roles[0].Contact].Email
	}
	from := s.byRef(by)
	s.add(sd.fresh(s.table("EmailMessage"), by, at).fill(map[string]any{
		"ActivityId": task, "RelatedToId": r.id, "Subject": clip(subject, 3000), "TextBody": clip(n.Body, 32000),
		"HtmlBody": clip("<html><body>"+paragraphs(n.Body)+"</body></html>", 131072), "FromName": from.val("Name"), "FromAddress": from.val("Email"),
		"ToAddress": to, "Status": "3", "MessageDate": at,
	}))
}

// paragraphs wraps plain text as the note editor does.
func paragraphs(text string) string {
	var b strings.Builder
	for _, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		b.WriteString("<p>" + html.EscapeString(line) + "</p>")
	}
	return b.String()
}

// addContentNote makes a note of the new kind: document, version and the note
// that stands for both. It returns the document's id, which is the note's too.
func (s *Server) addContentNote(title, body, by string, at stamp) string {
	raw := []byte(body)
	data := base64.StdEncoding.EncodeToString(raw)
	audit := map[string]any{"CreatedDate": at, "CreatedById": by, "LastModifiedDate": at, "LastModifiedById": by, "SystemModstamp": at}
	common := map[string]any{"Title": title, "OwnerId": by, "FileType": "SNOTE", "FileExtension": "snote", "ContentSize": float64(len(raw))}
	doc := s.newRecord(s.table("ContentDocument")).fill(audit).fill(common)
	version := s.newRecord(s.table("ContentVersion")).fill(audit).fill(common)
	doc.fill(map[string]any{"PublishStatus": "P", "LatestPublishedVersionId": version.id, "ContentModifiedDate": at, "SharingPrivacy": "N"})
	version.fill(map[string]any{
		"ContentDocumentId": doc.id, "IsLatest": true, "VersionNumber": "1", "PathOnClient": clip(title, 490) + ".snote",
		"VersionData": data, "TextPreview": preview(body),
	})
	note := s.newRecord(s.table("ContentNote"))
	note.id = doc.id
	delete(audit, "SystemModstamp")
	note.fill(audit).fill(common).fill(map[string]any{
		"Content": data, "TextPreview": preview(body), "ContentModifiedDate": at, "LatestPublishedVersionId": version.id,
		"LatestContentId": doc.id, "SharingPrivacy": "N",
	})
	s.add(doc)
	s.add(version)
	s.add(note)
	return doc.id
}

func (s *Server) addLink(doc, entity, share string, at stamp) *record {
	r := s.newRecord(s.table("ContentDocumentLink")).fill(map[string]any{
		"ContentDocumentId": doc, "LinkedEntityId": entity, "SystemModstamp": at, "ShareType": share,
	})
	s.add(r)
	return r
}

// preview is the beginning of a note without its tags.
func preview(body string) string {
	var b strings.Builder
	inTag := false
	for _, r := range strings.ReplaceAll(body, "</p><p>", " ") {
		switch {
		case r == '<':
			inTag = true
		case r == '>':
			inTag = false
		case !inTag:
			b.WriteRune(r)
		}
	}
	return clip(html.UnescapeString(b.String()), 255)
}
