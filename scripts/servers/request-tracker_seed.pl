# What the tests find in a fresh Request Tracker. Prints one `name=token` a line.
use strict;
use warnings;
use lib '/usr/share/request-tracker5/lib';
use RT;
RT::LoadConfig();
RT::Init();
use RT::AuthToken;
use RT::CurrentUser;

my $system = RT->SystemUser;

sub made {
    my ($id, $why) = @_;
    die $why // 'not made' unless $id;
    return $id;
}

sub token_of {
    my ($user) = @_;
    my $current = RT::CurrentUser->new($system);
    $current->Load($user->Id);
    my ($id, $why, $text) = RT::AuthToken->new($current)->Create(Owner => $user->Id, Description => 'tests');
    made($id, $why);
    return $text;
}

my $root = RT::User->new($system);
$root->Load('root');

my $viewer = RT::User->new($system);
made($viewer->Create(Name => 'viewer', EmailAddress => 'viewer@example.test', Privileged => 1));

for my $name ('Support', 'Many') {
    my $queue = RT::Queue->new($system);
    made($queue->Create(Name => $name, Description => "$name tickets"));
    for my $right ('SeeQueue', 'ShowTicket') {
        made($viewer->PrincipalObj->GrantRight(Right => $right, Object => $queue));
    }
    $RT::Handle->BeginTransaction;
    for my $number (1 .. ($name eq 'Support' ? 6 : 25)) {
        my $ticket = RT::Ticket->new($system);
        my ($id, undef, $why) = $ticket->Create(Queue => $queue->Id, Subject => "$name $number", Owner => $root->Id);
        made($id, $why);
    }
    $RT::Handle->Commit;
}
made($viewer->PrincipalObj->GrantRight(Right => 'ManageAuthTokens', Object => RT->System));

print "token=", token_of($root), "\n";
print "viewer=", token_of($viewer), "\n";
