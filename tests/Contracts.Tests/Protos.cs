using Google.Protobuf.Reflection;
using Metering.V1;

namespace Metering.Contracts.Tests;

/// <summary>The .proto files, as text and as descriptors.</summary>
internal static class Protos
{
    public static readonly FileDescriptor[] Files =
    [
        CommonReflection.Descriptor, ReservationsReflection.Descriptor, AccountsReflection.Descriptor, CatalogReflection.Descriptor,
        BalancesReflection.Descriptor, BillingReflection.Descriptor,
    ];

    public static IEnumerable<MessageDescriptor> Messages => Files.SelectMany(file => file.MessageTypes);
    public static IEnumerable<EnumDescriptor> Enums => Files.SelectMany(file => file.EnumTypes);
    public static IEnumerable<MethodDescriptor> Methods => Files.SelectMany(file => file.Services).SelectMany(service => service.Methods);
    public static IEnumerable<FieldDescriptor> Fields => Messages.SelectMany(message => message.Fields.InDeclarationOrder());

    public static string[] Text(FileDescriptor file)
    {
        var name = Path.GetFileName(file.Name);
        using var reader = new StreamReader(typeof(Protos).Assembly.GetManifestResourceStream(name)!);
        return [.. reader.ReadToEnd().Split('\n').Select(line => line.Trim())];
    }

    /// <summary>Lines that declare a message, field, oneof, enum, value, service or rpc.</summary>
    public static IEnumerable<(string Line, string Before)> Declarations(FileDescriptor file)
    {
        string[] others = ["", "}", "//", "syntax ", "package ", "import ", "option "];
        var text = Text(file);
        for (var i = 1; i < text.Length; i++)
            if (!others.Any(other => other == "" || other == "}" ? text[i] == other : text[i].StartsWith(other, StringComparison.Ordinal)))
                yield return (text[i], text[i - 1]);
    }

    /// <summary>How many declarations there are, as the compiler saw them.</summary>
    public static int Count(FileDescriptor file) =>
        file.MessageTypes.Sum(message => 1 + message.Fields.InDeclarationOrder().Count + message.RealOneofCount)
        + file.EnumTypes.Sum(type => 1 + type.Values.Count)
        + file.Services.Sum(service => 1 + service.Methods.Count);
}
