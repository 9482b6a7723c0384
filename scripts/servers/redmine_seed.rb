# What the tests find in a fresh Redmine. Prints the API keys, one `name=key` a line.
ActionMailer::Base.perform_deliveries = false
Setting.rest_api_enabled = '1'
Setting.host_name = '127.0.0.1'
Setting.notified_events = []

def key_of(user)
  Token.where(user_id: user.id, action: 'api').delete_all
  Token.create!(user: user, action: 'api').value
end

admin = User.find_by_login('admin')
admin.update!(must_change_passwd: false)
User.current = admin

hold = IssueStatus.create!(name: 'On Hold', is_closed: false)
IssueStatus.create!(name: 'Unreachable', is_closed: false) # in no workflow
IssueStatus.create!(name: 'Twice', is_closed: false)
Tracker.all.each do |tracker|
  Role.givable.each do |role|
    open = IssueStatus.where(is_closed: false).where.not(name: %w[Unreachable Twice]).to_a
    open.permutation(2).each do |from, to|
      WorkflowTransition.find_or_create_by!(
        tracker_id: tracker.id, role_id: role.id, old_status_id: from.id, new_status_id: to.id
      )
    end
  end
end
raise 'no status to pause with' unless hold.persisted?

IssueCustomField.create!(
  name: 'Snooze until', field_format: 'date', is_for_all: true, is_filter: true, trackers: Tracker.all.to_a
)
IssueCustomField.create!(name: 'Outage', field_format: 'string', is_for_all: true, trackers: Tracker.all.to_a)

MODULES = %w[issue_tracking news wiki].freeze
def project(name, identifier)
  Project.create!(
    name: name, identifier: identifier, is_public: true, enabled_module_names: MODULES, trackers: Tracker.all.to_a
  )
end

support = project('Support', 'support')
project('Twin', 'twin-one')
project('Twin', 'twin-two')
queue = project('Queue', 'queue')

login = IssueCategory.create!(project: support, name: 'Login')
agent = User.create!(
  login: 'agent', firstname: 'Ada', lastname: 'Agent', mail: 'agent@example.com', password: SecureRandom.hex(16)
)
viewer = User.create!(
  login: 'viewer', firstname: 'Vic', lastname: 'Viewer', mail: 'viewer@example.com', password: SecureRandom.hex(16)
)
Member.create!(project: support, principal: agent, roles: [Role.find_by(name: 'Manager')])
Role.create!(name: 'Onlooker', permissions: %i[view_issues view_news], issues_visibility: 'all', assignable: false)
Member.create!(project: support, principal: viewer, roles: [Role.find_by(name: 'Onlooker')])
# Whoever is no member may look, and do nothing else.
[Role.non_member, Role.anonymous].each { |role| role.update!(permissions: %i[view_issues view_news view_wiki_pages]) }

wiki = support.wiki || Wiki.create!(project: support, start_page: 'Wiki')
page = WikiPage.new(wiki: wiki, title: 'Banner')
page.content = WikiContent.new(page: page, text: 'Nothing to report.', author: admin)
page.save!

def issue(project, number, **more)
  Issue.create!(
    project: project, tracker: project.trackers.first, author: User.current, subject: "Ticket #{number}",
    priority: IssuePriority.default || IssuePriority.first, **more
  )
end

(1..6).each { |number| issue(support, number, category: number <= 3 ? login : nil) }
issue(support, 7, category: login, status: IssueStatus.find_by(name: 'In Progress'))
[8, 9].each { |number| issue(support, number, status: IssueStatus.find_by(name: 'Feedback')) }
ActiveRecord::Base.transaction { (1..210).each { |number| issue(queue, number) } }

IssueQuery.create!(
  name: 'Whole queue', project: queue, user: admin, visibility: Query::VISIBILITY_PUBLIC,
  filters: { 'status_id' => { operator: '*', values: [''] } }
)

{ 'key' => admin, 'agent' => agent, 'viewer' => viewer }.each { |name, user| puts "#{name}=#{key_of(user)}" }
