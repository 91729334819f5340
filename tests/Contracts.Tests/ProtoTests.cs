using System.Text.RegularExpressions;
using Google.Protobuf.Reflection;
using Metering.V1;

namespace Metering.Contracts.Tests;

/// <summary>The contracts are the reference that users read: everything is explained and named alike.</summary>
public sealed partial class ProtoTests
{
    [TestCaseSource(typeof(Protos), nameof(Protos.Files))]
    public void Every_declaration_has_a_comment(FileDescriptor file)
    {
        var bare = Protos.Declarations(file).Where(found => !found.Before.StartsWith("// ", StringComparison.Ordinal)).Select(found => found.Line);
        Assert.That(bare, Is.Empty);
    }

    [TestCaseSource(typeof(Protos), nameof(Protos.Files))]
    public void No_declaration_escapes_the_search_for_comments(FileDescriptor file) =>
        Assert.That(Protos.Declarations(file).Count(), Is.EqualTo(Protos.Count(file)));

    [TestCaseSource(typeof(Protos), nameof(Protos.Files))]
    public void Every_file_begins_with_what_it_is_for(FileDescriptor file) => Assert.That(Protos.Text(file)[0], Does.Match("^// .+"));

    [Test]
    public void Types_nest_nothing_but_their_maps() =>
        Assert.That(Protos.Messages.SelectMany(message => message.NestedTypes).Where(type => !type.GetOptions().MapEntry), Is.Empty);

    [Test]
    public void Names_have_their_case()
    {
        Assert.That(Protos.Messages.Select(message => message.Name), Has.All.Match("^([A-Z][a-z]+)+$"));
        Assert.That(Protos.Methods.Select(method => method.Name), Has.All.Match("^([A-Z][a-z]+)+$"));
        Assert.That(Protos.Fields.Select(field => field.Name), Has.All.Match("^[a-z]+(_[a-z]+)*$"));
    }

    [Test]
    public void Enums_start_unspecified_and_their_values_carry_their_name()
    {
        foreach (var type in Protos.Enums)
        {
            var prefix = Word().Replace(type.Name, "_$0").TrimStart('_').ToUpperInvariant() + "_";
            Assert.That(type.FindValueByNumber(0)?.Name, Is.EqualTo(prefix + "UNSPECIFIED"));
            Assert.That(type.Values.Select(value => value.Name), Has.All.StartsWith(prefix));
        }
    }

    [Test]
    public void Every_rpc_has_a_request_and_a_reply_of_its_own()
    {
        foreach (var method in Protos.Methods)
            Assert.That((method.InputType.Name, method.OutputType.Name), Is.EqualTo((method.Name + "Request", method.Name + "Reply")));
    }

    [Test]
    public void Nothing_is_a_float() =>
        Assert.That(Protos.Fields.Where(field => field.FieldType is FieldType.Double or FieldType.Float), Is.Empty);

    [Test]
    public void Commands_carry_the_user_and_an_id_of_the_caller_and_replies_say_if_they_are_repeated()
    {
        string[] keyed = ["ClosePeriod"];
        foreach (var method in Methods("Reservations", "Accounts").Where(method => Writes(method) && !keyed.Contains(method.Name)))
        {
            Assert.That(method.InputType.FindFieldByNumber(1).Name, Is.EqualTo("user"), method.Name);
            Assert.That(method.InputType.FindFieldByNumber(2).Name, Is.EqualTo("command_id"), method.Name);
            Assert.That(method.OutputType.FindFieldByName("repeated"), Is.Not.Null, method.Name);
        }
    }

    [Test]
    public void Lists_come_in_pages()
    {
        foreach (var method in Protos.Methods.Where(method => method.Name.StartsWith("List", StringComparison.Ordinal) && !InParts(method)))
        {
            string[] request = [.. method.InputType.Fields.InDeclarationOrder().Select(field => field.Name)];
            Assert.That(request, Does.Contain("page_size").And.Contain("page_token"), method.Name);
            Assert.That(method.OutputType.FindFieldByName("next_page_token"), Is.Not.Null, method.Name);
        }
    }

    [Test]
    public void A_session_takes_every_unary_command_under_the_same_number_as_its_answer()
    {
        var unary = Methods("Reservations").Where(method => !method.IsClientStreaming && !method.IsServerStreaming).ToArray();
        Assert.That(Choices(SessionRequest.Descriptor).Values, Is.EquivalentTo(unary.Select(method => method.InputType.Name)));
        foreach (var (number, request) in Choices(SessionRequest.Descriptor))
            Assert.That(Choices(SessionReply.Descriptor)[number], Is.EqualTo(request.Replace("Request", "Reply", StringComparison.Ordinal)));
    }

    private static Dictionary<int, string> Choices(MessageDescriptor message) =>
        message.Oneofs.Single().Fields.ToDictionary(field => field.FieldNumber, field => field.MessageType.Name);

    private static IEnumerable<MethodDescriptor> Methods(params string[] services) =>
        Protos.Methods.Where(method => services.Contains(method.Service.Name));

    // A history is continued by revision, not by page.
    private static bool InParts(MethodDescriptor method) => method.Name == "ListEvents";

    private static bool Writes(MethodDescriptor method) =>
        method.Name is not ("Check" or "Session" or "WatchUsage") && !method.Name.StartsWith("Get", StringComparison.Ordinal);

    [GeneratedRegex("[A-Z]")]
    private static partial Regex Word();
}
