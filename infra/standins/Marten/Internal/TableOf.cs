using System.Reflection;
using System.Text.Json;

namespace Marten.Internal;

/// <summary>The table of one document type.</summary>
internal sealed class TableOf
{
    private readonly PropertyInfo _id;

    public TableOf(Type type, string schema, string alias)
    {
        Type = type;
        (Schema, Name) = (schema, $"mt_doc_{alias}");
        _id = type.GetProperties().FirstOrDefault(property => property.Name.Equals("id", StringComparison.OrdinalIgnoreCase))
            ?? throw new InvalidOperationException($"{type} has no property Id");
        if (_id.PropertyType != typeof(string))
            throw new NotSupportedException($"{type}: an Id is text here, not {_id.PropertyType.Name}");
    }

    public Type Type { get; }
    public string Schema { get; }
    public string Name { get; }
    public string QualifiedName => $"{Schema}.{Name}";

    /// <summary>A nested type's is that of its outer type and its own.</summary>
    public static string DefaultAlias(Type type) =>
        (type.DeclaringType is { } outer ? $"{outer.Name}_{type.Name}" : type.Name).ToLowerInvariant();

    public string Create => $"""
        create schema if not exists {Schema};
        create table if not exists {QualifiedName} (
            id varchar not null,
            data jsonb not null,
            mt_last_modified timestamp with time zone null default (transaction_timestamp()),
            mt_version uuid not null default (md5(random()::text || clock_timestamp()::text)::uuid),
            mt_dotnet_type varchar null,
            constraint pkey_{Name}_id primary key (id));
        """;

    public string Upsert => $"""
        insert into {QualifiedName} (id, data, mt_dotnet_type, mt_version, mt_last_modified)
        values ($1, $2, $3, $4, transaction_timestamp())
        on conflict (id) do update set data = excluded.data, mt_dotnet_type = excluded.mt_dotnet_type, mt_version = excluded.mt_version,
            mt_last_modified = transaction_timestamp()
        """;

    public string Select => $"select d.id, d.data from {QualifiedName} as d";

    public string IdOf(object document)
    {
        var id = (string?)_id.GetValue(document);
        return string.IsNullOrEmpty(id) ? throw new InvalidOperationException($"{Type} has an empty Id") : id;
    }

    public byte[] Json(object document) => JsonSerializer.SerializeToUtf8Bytes(document, Type);
}
